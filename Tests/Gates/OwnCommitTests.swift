import CurfewGates
import CurfewModel
import Testing

/// What Curfew's own key may do, and what it may not when somebody has stolen it.
@Suite struct OwnCommitTests {
    private let web = PathChange(path: "manifests/web/web.yaml", old: Make.id("a"), new: Make.id("b"))
    private let end = PathChange(path: "grants/alice-1.yaml", old: Make.id("g"), new: nil)
    private var frozen: ChangePolicy {
        ChangePolicy(
            name: Make.name("production"), paths: ["manifests/**"], authors: [.person(Make.name("alice"))],
            approvals: Quorum(count: 1, from: [.person(Make.name("bob"))]),
            freezes: [.init(from: Make.now + .seconds(-1), to: Make.now + .seconds(60), reason: "year end")])
    }

    private func judge(
        _ changes: [PathChange], _ own: OwnCommit, policies: [ChangePolicy] = [], message: String = "Revert",
        parents: [String] = ["base"], merged: [CommitFacts] = [], now: Instant = Make.now
    ) -> TrustVerdict {
        TrustGate.judge(
            BranchStep(
                commit: Make.commit("1", by: "curfew", parents: parents, message: message, changes), merged: merged),
            policies: Make.policies(changes: policies), policiesAreBroken: false, rules: Make.rules, approvals: [], own: own,
            now: now)
    }
    private let revert = OwnCommit(takesBack: Make.id("bad"))
    private let accepted = TrustVerdict.accepted(signer: nil, approvedBy: [])

    @Test func whatTheRecordDoesNotKnowIsNotCurfews() {
        for (changes, own) in [([web], revert), ([end], OwnCommit())] {
            for (origin, isTaken) in [(OwnCommit.Origin.branch, true), (.recorded, true), (.unknown, false)] {
                var own = own
                own.origin = origin
                #expect((judge(changes, own) == accepted) == isTaken, "\(changes) \(origin)")
            }
        }
    }

    @Test func noFreezeIsPassedUnlessItWasPassedBefore() {
        #expect(judge([web], revert, policies: [frozen]) != accepted)
        guard case .waits(let until, let reasons) = judge([web], revert, policies: [frozen]) else {
            return #expect(Bool(false), "it does not wait")
        }
        #expect(until == Make.now + .seconds(60) && reasons[0].contains("year end"))
        #expect(judge([web], revert, policies: [frozen], now: until) == accepted)
        var known = revert
        known.origin = .recorded
        #expect(judge([web], known, policies: [frozen]) == accepted)
        // What it writes into its message is no override.
        let message = "Revert\n\nCurfew-Override: me\n"
        #expect(judge([web], revert, policies: [frozen], message: message) != accepted)
        #expect(judge([end], OwnCommit(), policies: [frozen]) == accepted)
    }

    @Test func onlyTheExactReverseOfADeploy() {
        let policy = PathChange(path: "policies/people.yaml", old: Make.id("a"), new: Make.id("b"))
        let gift = PathChange(path: "grants/alice-1.yaml", old: nil, new: Make.id("g"))
        let site = PathChange(path: "sites/web/index.html", old: Make.id("a"), new: Make.id("b"))
        #expect(judge([web, site], revert) == accepted)
        let wrong: [([PathChange], OwnCommit)] = [
            ([web], OwnCommit()), ([web], OwnCommit(objection: "no")), ([], revert), ([], OwnCommit()), ([policy], revert),
            ([web, policy], revert), ([gift], revert), ([web, end], revert), ([gift], OwnCommit()),
        ]
        for (changes, own) in wrong {
            for origin in [OwnCommit.Origin.branch, .recorded] {
                var own = own
                own.origin = origin
                let found = judge(changes, own)
                guard case .refused(let reasons) = found else {
                    Issue.record("\(changes) \(own) \(found)")
                    continue
                }
                #expect(reasons.contains { $0.contains("Curfew's own key") })
            }
        }
        let work = Make.commit("w", by: "alice", [web])
        #expect(judge([web], revert, parents: ["base", "w"], merged: [work]) != accepted)
    }
}

/// A trailer that acts on paths counts from somebody who may change these paths.
@Suite struct PruneTrailerTests {
    private var production: ChangePolicy {
        ChangePolicy(
            name: Make.name("production"), paths: ["manifests/prod/**"], authors: [.person(Make.name("bob"))])
    }
    private func objections(
        _ paths: [RepositoryPath], by step: BranchStep, _ policies: [ChangePolicy], approvals: [ApprovalTag] = [],
        now: Instant = Make.now
    ) -> [String] {
        TrustGate.objections(
            toRemoving: paths, by: step, policies: Make.policies(changes: policies), policiesAreBroken: false,
            rules: Make.rules, approvals: approvals, now: now)
    }
    private func empty(_ who: String) -> BranchStep { BranchStep(commit: Make.commit("1", by: who, [])) }
    private let prod: RepositoryPath = "manifests/prod/a.yaml"
    private let test: RepositoryPath = "manifests/test/a.yaml"

    @Test func whoMayChangeEveryOneOfThem() {
        #expect(objections([prod, test], by: empty("bob"), [production]).isEmpty)
        #expect(objections([test], by: empty("alice"), [production]).isEmpty)
        #expect(!objections([prod], by: empty("alice"), [production]).isEmpty)
        #expect(!objections([prod, test], by: empty("alice"), [production]).isEmpty)
        #expect(!objections([test], by: empty("mallory"), [production]).isEmpty)
        #expect(!objections([test], by: empty("curfew"), [production]).isEmpty)
    }

    @Test func withTheApprovalsAndTheTimesThatAChangeNeeds() {
        var strict = production
        strict.approvals = Quorum(count: 1, from: [.person(Make.name("carol"))])
        let step = empty("bob")
        #expect(!objections([prod], by: step, [strict]).isEmpty)
        let tag = Make.approval(of: step.commit.id, by: "carol")
        #expect(objections([prod], by: step, [strict], approvals: [tag]).isEmpty)
        strict.freezes = [.init(from: Make.now + .seconds(-1), to: Make.now + .seconds(60), reason: "year end")]
        #expect(!objections([prod], by: step, [strict], approvals: [tag]).isEmpty)
        #expect(objections([prod], by: step, [strict], approvals: [tag], now: Make.now + .seconds(60)).isEmpty)
    }

    /// What a merge itself removes was judged with it; more than that is its signer's own doing.
    @Test func aMergeSpeaksForWhatItBrings() {
        var reviewed = production
        reviewed.approvals = Quorum(count: 1, from: [.person(Make.name("carol"))])
        let work = Make.commit("w", by: "bob", [PathChange(path: prod, old: Make.id("a"), new: nil)])
        let merge = Make.merge(work, by: "carol")
        #expect(objections([prod], by: merge, [reviewed]).isEmpty)
        #expect(!objections([prod, "manifests/prod/b.yaml"], by: merge, [reviewed]).isEmpty)
    }
}
