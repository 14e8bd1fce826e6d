import CurfewGates
import CurfewModel
import Testing

@Suite struct BreakGlassTests {
    private let glass = Make.grant(.seconds(1200), breakGlass: true)
    private var use: BreakGlassUse {
        BreakGlassUse(id: glass.id, person: Make.name("alice"), role: Make.role.name, start: Make.now)
    }
    private func reviewer(_ tag: ApprovalTag, in policies: PolicySet = Make.policies()) -> Name? {
        use.reviewer(in: policies, approvals: [tag], rules: Make.rules, now: Make.now)
    }

    @Test func anEditedFileIsAnotherGrantAndWaitsForTheReview() {
        let item = GrantCase(file: glass, step: BranchStep(commit: Make.request(glass)), firstSeen: Make.now)
        let before = GrantID(name: glass.grant.name, blob: Make.id("edited since"))
        let open = BreakGlassHistory.Pending(person: Make.name("alice"), due: Make.now)
        let again = Make.judge([item], history: BreakGlassHistory(unreviewed: [before: open]))[0]
        #expect(again.state == .refused, "\(again.state)")
        let same = Make.judge([item], history: BreakGlassHistory(unreviewed: [glass.id: open]))[0]
        guard case .active = same.state else { return #expect(Bool(false), "\(same.state) \(same.reasons)") }
    }

    @Test func glassIsNotBrokenTwiceAtOnce() {
        let files = [glass, Make.grant(.seconds(1200), breakGlass: true, name: "alice-2")]
        let cases = files.map { GrantCase(file: $0, step: BranchStep(commit: Make.request($0)), firstSeen: Make.now) }
        let found = Make.judge(cases)
        guard case .active = found[0].state else { return #expect(Bool(false), "\(found[0])") }
        #expect(found[1].gates.contains { $0.gate == "breakGlass" && $0.passes == false }, "\(found[1])")
        // The first is running and was reviewed.
        let next = Make.judge(cases, running: [glass.id])
        guard case .active = next[1].state else { return #expect(Bool(false), "\(next[1])") }
    }

    @Test func anApproverReviews() {
        for who in ["bob", "carol"] {
            #expect(reviewer(Make.tag("alice-1", by: who, for: glass.blob)) == Make.name(who))
        }
    }

    @Test func nobodyElsesTagIsAReview() {
        var longer = Make.tag("alice-1", by: "bob", for: glass.blob)
        longer.message = longer.message.replacing(glass.blob.hex, with: glass.blob.hex + "00")
        var within = Make.tag("alice-1", by: "bob", for: glass.blob)
        within.message = "I do not say Curfew-Approve: \(glass.blob.hex)"
        for tag in [
            // The person, a person who is no approver, and strangers.
            Make.tag("alice-1", by: "alice", for: glass.blob), Make.tag("alice-1", by: "dave", for: glass.blob),
            Make.tag("alice-1", by: "mallory", for: glass.blob),
            Make.tag("alice-1", by: "bob", for: glass.blob, signedBy: "dave"),
            // Another grant, another content, a tag that was moved, one of the future.
            Make.tag("alice-2", by: "bob", for: glass.blob), Make.tag("alice-1", by: "bob", for: Make.id("other")), longer,
            within,
            Make.tag("alice-1", by: "bob", for: glass.blob, name: "approvals/alice-2/bob"),
            Make.tag("alice-1", by: "bob", for: glass.blob, at: Make.now + .seconds(61)),
        ] { #expect(reviewer(tag) == nil, "\(tag)") }
    }

    @Test func theReviewersKeyAndRoleHaveToCount() {
        let tag = Make.tag("alice-1", by: "bob", for: glass.blob)
        let spent = Make.person("bob", keys: [PersonKey(Make.key("bob"), validUntil: Make.now + .seconds(-1))])
        #expect(reviewer(tag, in: Make.policies(people: [Make.person("alice"), spent])) == nil)
        #expect(reviewer(tag, in: Make.policies { $0.approvals.from = [.person(Make.name("carol"))] }) == nil)
        #expect(reviewer(tag, in: Make.policies { $0.roles = [] }) == nil)
        #expect(reviewer(tag, in: Make.policies { $0.breakGlass = nil }) == nil)
    }

    @Test func theReviewIsDueWhenThePolicySaysSo() {
        let strict = Make.policies { $0.breakGlass?.reviewWithin = .seconds(3600) }
        #expect(use.due(in: strict) == Make.now + .seconds(3600))
        #expect(use.due(in: PolicySet()) == Make.now + .seconds(86_400))
    }

    @Test func aReviewDoesNotMoveTheEnd() {
        let early = Make.now + .seconds(-600)
        let item = GrantCase(file: glass, step: BranchStep(commit: Make.request(glass, at: early)), firstSeen: Make.now)
        let tag = Make.tag("alice-1", by: "bob", for: glass.blob)
        let found = Make.judge([item], approvals: [tag], running: [glass.id])[0]
        #expect(found.state == .active(start: early, end: early + .seconds(1200)), "\(found)")
    }
}
