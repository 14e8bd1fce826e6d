import CurfewGates
import CurfewModel
import Testing

/// By which policies a grant is judged.
@Suite struct GrantPolicyTests {
    private let file = Make.grant()
    private var merged: GrantCase {
        GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: Make.now)
    }

    @Test func aPolicyWhoseExpiryRuleFailsGivesWayToTheNext() throws {
        var policies = Make.policies { $0.requireSelfExpiry = true }
        var second = try #require(policies.accessPolicies[Make.name("oncall")])
        (second.name, second.requireSelfExpiry) = (Make.name("zz"), false)
        policies.accessPolicies[second.name] = second
        let found = Make.judge([merged], policies: policies, selfExpiring: false)[0]
        guard case .active = found.state else { return #expect(Bool(false), "\(found.state) \(found.reasons)") }
        #expect(found.policy == second.name)
    }

    @Test func aPolicyThatTheParentDidNotHaveLendsNoApprovers() {
        var parent = Make.policies()
        parent.accessPolicies = [:]
        let found = Make.judge([merged], parents: parent)[0]
        #expect(found.approvedBy.isEmpty && found.state == .refused, "\(found)")
    }

    @Test func withoutAParentNobodyApproves() {
        let found = GrantGate.judge(
            [merged], policies: Make.policies(), parents: [:], policiesAreBroken: false, rules: Make.rules, backends: nil,
            approvals: [Make.tag("alice-1", by: "carol", for: file.blob)], running: [], history: BreakGlassHistory(),
            now: Make.now)[0]
        #expect(found.approvedBy.isEmpty && found.state == .refused, "\(found)")
    }

    /// Approvals bind to the blob: what they gave once they do not give again, when the same bytes are brought back.
    @Test func aBlobThatWasThereBeforeIsSpent() {
        let day = Make.now + .seconds(86_400)
        let tag = Make.tag("alice-1", by: "carol", for: file.blob)
        let item = GrantCase(
            file: file, step: BranchStep(commit: Make.request(file, at: day)), firstSeen: day, isReplayed: true)
        let found = Make.judge([item], approvals: [tag], now: day)[0]
        #expect(found.state == .refused)
        #expect(found.gates.contains { $0.gate == "replay" && $0.passes == false })
    }

    @Test func anApprovalNamesTheGrantInItsNameToo() {
        let item = GrantCase(file: file, step: BranchStep(commit: Make.request(file)), firstSeen: Make.now)
        let found = Make.judge([item], approvals: [Make.tag("alice-2", by: "carol", for: file.blob)])[0]
        #expect(found.state == .pending && found.approvedBy.isEmpty)
    }

    @Test func aReasonOfAnyLengthIsRefusedUnreadAndToldShortly() {
        let long = Make.grant(reason: "INC-1: " + String(repeating: "e\u{301}\u{302}", count: 100_000))
        let item = GrantCase(file: long, step: Make.merge(Make.request(long), by: "bob"), firstSeen: Make.now)
        let found = Make.judge([item])[0]
        #expect(found.reasons == ["the reason is longer than 512 bytes"])
        let marks = Make.grant(reason: "INC-1: e" + String(repeating: "\u{301}", count: 200))
        let short = Make.judge([GrantCase(file: marks, step: Make.merge(Make.request(marks), by: "bob"), firstSeen: Make.now)])
        #expect(short[0].gates.first { $0.gate == "reason" }.map { $0.text.unicodeScalars.count < 100 } == true)
    }
}
