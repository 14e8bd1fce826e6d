import CurfewGates
import CurfewModel
import Testing

/// A merge is an approval only of what it takes as it was.
@Suite struct MergeTests {
    private let production = ChangePolicy(
        name: Make.name("production"), paths: ["manifests/**"], authors: [.team(Make.name("oncall"))],
        approvals: Quorum(count: 1, from: [.person(Make.name("carol"))]))
    private let web = PathChange(path: "manifests/web/web.yaml", old: Make.id("a"), new: Make.id("b"))

    private func judge(_ step: BranchStep, _ tags: [ApprovalTag]) -> TrustVerdict {
        TrustGate.judge(
            step, policies: Make.policies(changes: [production]), policiesAreBroken: false, rules: Make.rules,
            approvals: tags, now: Make.now)
    }
    private func isRefused(_ verdict: TrustVerdict) -> Bool { if case .refused = verdict { true } else { false } }

    @Test func aTagOnTheMergedHeadCoversAPlainMerge() {
        let work = Make.commit("w", by: "alice", [web])
        let found = judge(Make.merge(work, by: "alice"), [Make.approval(of: work.id, by: "carol")])
        #expect(found == .accepted(signer: Make.name("alice"), approvedBy: [Make.name("carol")]))
    }

    @Test func whatAMergeAddsNeedsATagThatNamesTheMerge() {
        let work = Make.commit("w", by: "alice", [web])
        let evil = PathChange(path: "manifests/web/extra.yaml", old: nil, new: Make.id("evil"))
        let step = Make.merge(work, by: "alice", evil: [evil])
        let head = judge(step, [Make.approval(of: work.id, by: "carol")])
        #expect(isRefused(head), "\(head)")
        let whole = judge(step, [Make.approval(of: step.commit.id, by: "carol")])
        #expect(whole == .accepted(signer: Make.name("alice"), approvedBy: [Make.name("carol")]))
    }

    @Test func severalBranchesAreNotMergedAtOnce() {
        let left = Make.commit("left", by: "alice", [web])
        let other = PathChange(path: "manifests/api/api.yaml", old: nil, new: Make.id("unseen"))
        let right = Make.commit("right", by: "alice", [other])
        var step = Make.merge(left, by: "alice")
        step.commit.parents.append(right.id)
        step.merged.append(right)
        step.commit.changes.append(PathChange(path: other.path, old: nil, new: other.new, isFromMergedParent: true))
        for tags in [
            [Make.approval(of: left.id, by: "carol")], [Make.approval(of: step.commit.id, by: "carol")],
        ] {
            guard case .refused(let reasons) = judge(step, tags) else {
                Issue.record("taken with \(tags)")
                continue
            }
            #expect(reasons.contains { $0.contains("one after the other") })
        }
    }

    @Test func whoAddsToAMergeDoesNotApproveTheGrantInIt() {
        let file = Make.grant()
        let evil = PathChange(path: "grants/alice-2.yaml", old: nil, new: Make.id("evil"))
        let step = Make.merge(Make.request(file), by: "bob", evil: [evil])
        let item = GrantCase(file: file, step: step, firstSeen: Make.now)
        let own = Make.judge([item], approvals: [Make.tag("alice-1", by: "bob", for: file.blob)])[0]
        #expect(own.state == .pending && own.couldApprove == [Make.name("carol")], "\(own)")
        let other = Make.judge([item], approvals: [Make.tag("alice-1", by: "carol", for: file.blob)])[0]
        #expect(other.approvedBy == [Make.name("carol")], "\(other)")
    }
}
