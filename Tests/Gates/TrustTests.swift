import CurfewGates
import CurfewModel
import Testing

@Suite struct TrustTests {
    private let production = ChangePolicy(
        name: Make.name("production"), paths: ["manifests/**"], authors: [.team(Make.name("oncall"))],
        approvals: Quorum(count: 1, from: [.team(Make.name("dba"))]))

    private func judge(
        _ step: BranchStep, _ policies: [ChangePolicy] = [], approvals: [ApprovalTag] = [], own: OwnCommit = OwnCommit(),
        broken: Bool = false, now: Instant = Make.now
    ) -> TrustVerdict {
        TrustGate.judge(
            step, policies: Make.policies(changes: policies), policiesAreBroken: broken, rules: Make.rules,
            approvals: approvals,
            own: own, now: now)
    }
    private func reasons(_ verdict: TrustVerdict) -> [String] {
        if case .refused(let reasons) = verdict { reasons } else { [] }
    }
    private let web = PathChange(path: "manifests/web/web.yaml", old: Make.id("a"), new: Make.id("b"))

    @Test func aSignedChangeOfAnybodyKnownIsTakenWhereNoPolicySpeaks() {
        let found = judge(BranchStep(commit: Make.commit("1", by: "carol", [web])))
        #expect(found == .accepted(signer: Make.name("carol"), approvedBy: []))
    }

    @Test func unsignedForeignAndBorrowedSignaturesAreRefused() {
        for commit in [
            Make.commit("1", by: "carol", signature: SignatureCheck.none, [web]),
            Make.commit("1", by: "carol", signature: .bad("two of them"), [web]),
            Make.commit("1", by: "mallory", [web]), Make.commit("1", by: "bob", signedBy: "alice", [web]),
            Make.commit("1", by: "carol", at: Make.now + .seconds(61), [web]),
        ] { #expect(!reasons(judge(BranchStep(commit: commit))).isEmpty, "\(commit)") }
    }

    @Test func policiesNeedAnOwnerUnlessAChangePolicySpeaks() {
        let change = PathChange(path: "policies/people.yaml", old: nil, new: Make.id("c"))
        #expect(!reasons(judge(BranchStep(commit: Make.commit("1", by: "alice", [change])))).isEmpty)
        #expect(
            judge(BranchStep(commit: Make.commit("1", by: "dave", [change])))
                == .accepted(signer: Make.name("dave"), approvedBy: []))
        let open = ChangePolicy(name: Make.name("people"), paths: ["policies/*.yaml"], authors: [.person(Make.name("alice"))])
        #expect(
            judge(BranchStep(commit: Make.commit("1", by: "alice", [change])), [open])
                == .accepted(signer: Make.name("alice"), approvedBy: []))
        // A commit that adds somebody's key and uses it: its parent does not know the key.
        #expect(!reasons(judge(BranchStep(commit: Make.commit("1", by: "erin", [change])), [open])).isEmpty)
    }

    @Test func aChangePolicyAsksForAuthorsAndApprovals() {
        let work = Make.commit("w", by: "alice", [web])
        #expect(
            judge(Make.merge(work, by: "bob"), [production])
                == .accepted(signer: Make.name("bob"), approvedBy: [Make.name("bob")]))
        #expect(reasons(judge(Make.merge(work, by: "alice"), [production])).contains { $0.contains("ask 1 of bob, carol") })
        #expect(!reasons(judge(Make.merge(Make.commit("w", by: "carol", [web]), by: "bob"), [production])).isEmpty)
        #expect(!reasons(judge(Make.merge(work, by: "dave"), [production])).isEmpty)
        let direct = BranchStep(commit: work)
        #expect(!reasons(judge(direct, [production])).isEmpty)
        #expect(
            judge(direct, [production], approvals: [Make.approval(of: work.id, by: "carol")])
                == .accepted(signer: Make.name("alice"), approvedBy: [Make.name("carol")]))
        #expect(!reasons(judge(direct, [production], approvals: [Make.approval(of: work.id, by: "alice")])).isEmpty)
    }

    @Test func aMergeWithContentOfItsOwnIsNoApproval() {
        let evil = PathChange(path: "manifests/web/extra.yaml", old: nil, new: Make.id("evil"))
        let found = judge(Make.merge(Make.commit("w", by: "alice", [web]), by: "bob", evil: [evil]), [production])
        #expect(reasons(found).contains { $0.contains("has 0") }, "\(found)")
    }

    @Test func aGrantComesAlone() {
        let grant = PathChange(path: "grants/alice-1.yaml", old: nil, new: Make.id("g"))
        for other in [web, PathChange(path: "policies/x.yaml", old: nil, new: Make.id("p"))] {
            #expect(
                reasons(judge(BranchStep(commit: Make.commit("1", by: "dave", [grant, other])))).contains {
                    $0.contains("alone")
                })
        }
        #expect(
            judge(BranchStep(commit: Make.commit("1", by: "alice", [grant])))
                == .accepted(signer: Make.name("alice"), approvedBy: []))
        let link = PathChange(path: "grants/alice-1.yaml", old: nil, new: Make.id("g"), isPlain: false)
        #expect(!reasons(judge(BranchStep(commit: Make.commit("1", by: "alice", [link])))).isEmpty)
    }

    @Test func curfewsKeyOnlyTakesAway() {
        func own(_ changes: [PathChange], parents: [String] = ["base"]) -> BranchStep {
            BranchStep(commit: Make.commit("1", by: "curfew", parents: parents, changes))
        }
        let end = PathChange(path: "grants/alice-1.yaml", old: Make.id("g"), new: nil)
        #expect(judge(own([end])) == .accepted(signer: nil, approvedBy: []))
        #expect(judge(own([web]), own: OwnCommit(takesBack: Make.id("bad"))) == .accepted(signer: nil, approvedBy: []))
        for step in [
            own([]), own([web]), own([end, web]), own([PathChange(path: "grants/alice-1.yaml", old: nil, new: Make.id("g"))]),
            own([PathChange(path: "policies/x.yaml", old: Make.id("g"), new: nil)]), own([end], parents: ["base", "other"]),
        ] { #expect(!reasons(judge(step)).isEmpty, "\(step)") }
    }

    @Test func freezesWaitAndOwnersOverride() {
        var frozen = production
        frozen.approvals = Quorum()
        frozen.authors.append(.person(Make.name("dave")))
        frozen.freezes = [.init(from: Make.now + .seconds(-1), to: Make.now + .seconds(60), reason: "year end")]
        let found = judge(BranchStep(commit: Make.commit("1", by: "alice", [web])), [frozen])
        guard case .waits(let until, let reasons) = found else { return #expect(Bool(false), "\(found)") }
        #expect(until == Make.now + .seconds(60) && reasons[0].contains("year end"))
        #expect(
            judge(BranchStep(commit: Make.commit("1", by: "alice", [web])), [frozen], now: until)
                == .accepted(signer: Make.name("alice"), approvedBy: []))
        for (who, taken) in [("alice", false), ("dave", true)] {
            let commit = Make.commit("1", by: who, message: "Fix\n\nCurfew-Override: INC-1", [web])
            let verdict = judge(BranchStep(commit: commit), [frozen])
            #expect((verdict == .accepted(signer: Make.name(who), approvedBy: [])) == taken, "\(verdict)")
        }
    }

    @Test func brokenPoliciesHoldWhatIsProtectedAndNothingElse() {
        let end = PathChange(path: "grants/alice-1.yaml", old: Make.id("g"), new: nil)
        #expect(
            judge(BranchStep(commit: Make.commit("1", by: "alice", [end])), [production], broken: true)
                == .accepted(signer: Make.name("alice"), approvedBy: []))
        #expect(
            !reasons(judge(Make.merge(Make.commit("w", by: "alice", [web]), by: "bob"), [production], broken: true)).isEmpty)
        let mend = PathChange(path: "policies/people.yaml", old: Make.id("c"), new: Make.id("d"))
        #expect(
            judge(BranchStep(commit: Make.commit("1", by: "dave", [mend])), broken: true)
                == .accepted(signer: Make.name("dave"), approvedBy: []))
        #expect(!reasons(judge(BranchStep(commit: Make.commit("1", by: "alice", [mend])), broken: true)).isEmpty)
    }
}

/// Ways round the rules that were found by reading them.
@Suite struct TrustBypassTests {
    @Test func curfewsKeyDoesNotRevertPoliciesOrTheEndOfAGrant() {
        for path in ["policies/people.yaml", "grants/alice-1.yaml"] {
            let change = PathChange(path: RepositoryPath(path), old: Make.id("a"), new: Make.id("b"))
            let found = TrustGate.judge(
                BranchStep(commit: Make.commit("1", by: "curfew", [change])), policies: Make.policies(),
                policiesAreBroken: false,
                rules: Make.rules, approvals: [], own: OwnCommit(takesBack: Make.id("bad")), now: Make.now)
            guard case .refused = found else {
                Issue.record("\(found)")
                continue
            }
        }
    }

    @Test func aMergeThatRollsBackToAStaleBranchIsNoApproval() {
        // The merged branch still has an old file that nobody on it changed; the merge takes it over main's newer one.
        let work = Make.commit(
            "w", by: "alice", [PathChange(path: "manifests/web/web.yaml", old: Make.id("a"), new: Make.id("b"))])
        let stale = PathChange(
            path: "manifests/api/api.yaml", old: Make.id("new"), new: Make.id("old"), isFromMergedParent: true)
        let production = ChangePolicy(
            name: Make.name("production"), paths: ["manifests/**"], authors: [.team(Make.name("oncall"))],
            approvals: Quorum(count: 1, from: [.team(Make.name("dba"))]))
        let found = TrustGate.judge(
            Make.merge(work, by: "bob", evil: [stale]), policies: Make.policies(changes: [production]),
            policiesAreBroken: false,
            rules: Make.rules, approvals: [], now: Make.now)
        guard case .refused(let reasons) = found else { return #expect(Bool(false), "\(found)") }
        #expect(reasons.contains { $0.contains("has 0") })
    }
}
