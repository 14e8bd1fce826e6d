import CurfewGates
import CurfewModel
import Testing

/// An approval says for which repository, path and content it is, and counts for a time.
@Suite struct ApprovalGateTests {
    private let file = Make.grant()

    private func verdict(_ tag: ApprovalTag, mergedAt: Instant = Make.now, seen: Instant? = nil) -> GrantVerdict {
        Make.judge(
            [
                GrantCase(
                    file: file, step: BranchStep(commit: Make.request(file, at: mergedAt)), firstSeen: mergedAt,
                    tagsSeen: seen.map { [tag.id: $0] } ?? [:])
            ], approvals: [tag], now: mergedAt)[0]
    }
    private func counts(_ verdict: GrantVerdict) -> Bool { verdict.approvedBy == [Make.name("carol")] }

    private func tag(_ change: (inout ApprovalTag) -> Void = { _ in }, at: Instant = Make.now) -> ApprovalTag {
        var tag = Make.tag("alice-1", by: "carol", for: file.blob, at: at)
        change(&tag)
        return tag
    }

    @Test func everyLineOfAStatementDecides() {
        #expect(counts(verdict(tag())))
        let good = ApprovalStatement(target: file.blob, root: Make.root, path: "grants/alice-1.yaml")
        let others = [
            ApprovalStatement(target: file.blob, root: Make.id("another repository"), path: "grants/alice-1.yaml"),
            ApprovalStatement(target: file.blob, root: Make.root, path: "grants/alice-2.yaml"),
            ApprovalStatement(target: file.blob, root: Make.root, path: nil),
            ApprovalStatement(target: Make.id("another blob"), root: Make.root, path: "grants/alice-1.yaml"),
        ]
        for other in others { #expect(!counts(verdict(tag { $0.message = other.message(title: "Approve") }))) }
        let message = good.message(title: "Approve")
        let lines = message.split(separator: "\n").map(String.init)
        let spoilt = [
            "Curfew-Approve: \(file.blob.hex)\n", "Approve\n\nCurfew-Approve: \(file.blob.hex)\n",
            message + "more\n", message + message, "Curfew-Path: grants/x.yaml\n\n" + message,
            message.replacing("\nCurfew-Root", with: "\n\nCurfew-Root"),
            message.replacing("Curfew-Path: ", with: "Curfew-Path:"),
            ([lines[0], ""] + lines.dropFirst().reversed()).joined(separator: "\n"),
            message.replacing("grants/", with: "grants//"), message.replacing(".yaml", with: ".yaml\u{301}"),
            message.replacing("\n", with: "\r\n"), lines.dropFirst().joined(separator: "\n"),
        ]
        for text in spoilt { #expect(!counts(verdict(tag { $0.message = text })), "\(text)") }
        // It says what to do.
        let old = verdict(tag { $0.message = "Approve\n\nCurfew-Approve: \(file.blob.hex)\n" })
        #expect(old.reasons.contains { $0.contains("approve again") }, "\(old.reasons)")
    }

    @Test func anApprovalIsAsOldAsItMayBe() {
        let day = Span.seconds(86_400)
        for (age, isGood) in [(Int64(86_399), true), (86_401, false), (300 * 86_400, false)] {
            let at = Make.now + .seconds(-age)
            #expect(counts(verdict(tag(at: at))) == isGood, "\(age)")
            // Whatever the tag claims, when Curfew saw it counts as well.
            #expect(counts(verdict(tag(at: at + .seconds(60)), seen: at)) == isGood, "\(age)")
        }
        #expect(!counts(verdict(tag(at: Make.now + .seconds(61)))))
        let short = Make.policies { $0.approvals.validFor = .seconds(60) }
        let item = GrantCase(file: file, step: BranchStep(commit: Make.request(file)), firstSeen: Make.now)
        let late = Make.judge([item], policies: short, approvals: [tag(at: Make.now + .seconds(-61))])[0]
        #expect(late.approvedBy.isEmpty && late.reasons.contains { $0.contains("older than") }, "\(late.reasons)")
        // What comes after the merge is never too old: the request waits for it.
        let after = Make.judge([item], approvals: [tag(at: Make.now + day + day)], now: Make.now + day + day)[0]
        #expect(after.approvedBy == [Make.name("carol")])
        // Neither is the approval of somebody who merges.
        let merged = Make.merge(Make.request(file), by: "bob", at: Make.now + .seconds(-3 * 86_400))
        let found = Make.judge([GrantCase(file: file, step: merged, firstSeen: Make.now)])[0]
        #expect(found.approvedBy == [Make.name("bob")])
    }

    @Test func aChangeIsApprovedForThisRepositoryAndInTime() {
        let production = ChangePolicy(
            name: Make.name("production"), paths: ["manifests/**"], authors: [.person(Make.name("alice"))],
            approvals: Quorum(count: 1, from: [.person(Make.name("carol"))]))
        let work = Make.commit(
            "work", by: "alice", [PathChange(path: "manifests/web.yaml", old: nil, new: Make.id("web"))])
        func isTaken(_ tag: ApprovalTag, mergedAfter: Instant? = nil, now: Instant = Make.now) -> Bool {
            let verdict = TrustGate.judge(
                BranchStep(commit: work), policies: Make.policies(changes: [production]), policiesAreBroken: false,
                rules: Make.rules, approvals: [tag], mergedAfter: mergedAfter, now: now)
            if case .accepted = verdict { return true }
            return false
        }
        let good = Make.approval(of: work.id, by: "carol")
        #expect(isTaken(good))
        var moved = good
        moved.message = ApprovalStatement(target: work.id, root: Make.id("other"), path: nil).message(title: "Approve")
        #expect(!isTaken(moved))
        var grant = good
        grant.message = ApprovalStatement(target: work.id, root: Make.root, path: "grants/a.yaml").message(title: "Approve")
        #expect(!isTaken(grant))
        #expect(!isTaken(Make.approval(of: work.id, by: "carol", at: Make.now + .seconds(-86_401))))
        // A date in the past makes no old approval young again; a service that starts anew takes history as it is.
        #expect(!isTaken(good, mergedAfter: Make.now + .seconds(90_000), now: Make.now + .seconds(90_001)))
        #expect(isTaken(good, now: Make.now + .seconds(1_000_000)))
    }

    @Test func aReviewComesAfterTheUse() {
        let glass = Make.grant(.seconds(1200), breakGlass: true)
        let use = BreakGlassUse(id: glass.id, person: Make.name("alice"), role: Make.role.name, start: Make.now)
        func reviewer(_ at: Instant) -> Name? {
            use.reviewer(
                in: Make.policies(), approvals: [Make.tag("alice-1", by: "bob", for: glass.blob, at: at)], rules: Make.rules,
                now: Make.now + .seconds(600))
        }
        #expect(reviewer(Make.now + .seconds(60)) == Make.name("bob"))
        #expect(reviewer(Make.now + .seconds(-3600)) == nil)
    }
}
