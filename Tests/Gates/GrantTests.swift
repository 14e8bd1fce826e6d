import CurfewGates
import CurfewModel
import Testing

@Suite struct GrantTests {
    private func verdict(
        _ file: GrantFile, _ step: BranchStep, _ approvals: [ApprovalTag] = [], policies: PolicySet = Make.policies(),
        now: Instant = Make.now
    ) -> GrantVerdict {
        Make.judge(
            [GrantCase(file: file, step: step, firstSeen: Make.now)], policies: policies, approvals: approvals, now: now)[0]
    }
    private func isActive(_ verdict: GrantVerdict) -> Bool { if case .active = verdict.state { true } else { false } }

    @Test func aMergeByAnApproverGivesAccessForItsTime() {
        let file = Make.grant()
        let found = verdict(file, Make.merge(Make.request(file), by: "bob"))
        #expect(found.state == .active(start: Make.now, end: Make.now + .seconds(2700)), "\(found.reasons)")
        #expect(found.approvedBy == [Make.name("bob")])
    }

    @Test func withoutApprovalItWaitsAndSaysWhoCould() {
        let file = Make.grant()
        let found = verdict(file, BranchStep(commit: Make.request(file)))
        #expect(found.state == .pending)
        #expect(found.couldApprove == [Make.name("bob"), Make.name("carol")])
        #expect(found.reasons.contains { $0.contains("bob, carol") })
    }

    @Test func aTagThatNamesTheBlobApproves() {
        let file = Make.grant()
        let later = Make.now + .seconds(30)
        let found = verdict(
            file, BranchStep(commit: Make.request(file)), [Make.tag("alice-1", by: "carol", for: file.blob, at: later)],
            now: later)
        // It begins with the approval that completed the quorum, and never outlives first sight.
        #expect(found.state == .active(start: later, end: Make.now + .seconds(2700)), "\(found.reasons)")
    }

    @Test func nobodyApprovesTheirOwnWish() {
        // alice is in oncall alone; make her an approver, directly and through a second team.
        let policies = Make.policies { $0.approvals.from += [.person(Make.name("alice")), .team(Make.name("oncall"))] }
        let file = Make.grant()
        let own = Make.tag("alice-1", by: "alice", for: file.blob)
        #expect(verdict(file, BranchStep(commit: Make.request(file)), [own], policies: policies).state == .pending)
        #expect(verdict(file, Make.merge(Make.request(file), by: "alice"), policies: policies).state == .pending)
        #expect(verdict(file, Make.merge(Make.request(file), by: "alice"), [own], policies: policies).approvedBy.isEmpty)
    }

    @Test func onePersonFillsOneSeat() {
        let policies = Make.policies { $0.approvals.count = 2 }
        let file = Make.grant()
        // bob is in dba, and in seniors which is in dba; he merges and tags.
        let step = Make.merge(Make.request(file), by: "bob")
        #expect(verdict(file, step, [Make.tag("alice-1", by: "bob", for: file.blob)], policies: policies).state == .pending)
        #expect(isActive(verdict(file, step, [Make.tag("alice-1", by: "carol", for: file.blob)], policies: policies)))
    }

    @Test func approvalsOfOtherThingsCountForNothing() {
        let file = Make.grant()
        let step = BranchStep(commit: Make.request(file))
        let edited = Make.grant(.seconds(2701))
        for tag in [
            Make.tag("alice-1", by: "bob", for: edited.blob), Make.tag("alice-1", by: "bob", for: file.blob, signedBy: "alice"),
            Make.tag("alice-1", by: "bob", for: file.blob, name: "approvals/other/bob"),
            Make.tag("alice-1", by: "bob", for: file.blob, at: Make.now + .seconds(61)),
            Make.tag("alice-1", by: "dave", for: file.blob),
            Make.tag("alice-1", by: "mallory", for: file.blob),
        ] { #expect(verdict(file, step, [tag]).state == .pending, "\(tag)") }
    }

    @Test func theRequesterSignsTheRequest() {
        let file = Make.grant()
        for commit in [
            Make.request(file, by: "bob"),
            Make.commit("x", by: "alice", signedBy: "bob", [PathChange(path: file.path, old: nil, new: file.blob)]),
            Make.commit("y", by: "bob", signedBy: "alice", [PathChange(path: file.path, old: nil, new: file.blob)]),
            Make.commit(
                "z", by: "alice", signature: SignatureCheck.none, [PathChange(path: file.path, old: nil, new: file.blob)]),
            Make.commit("v", by: "alice", signature: .bad("PGP"), [PathChange(path: file.path, old: nil, new: file.blob)]),
            Make.commit("w", by: "alice", [PathChange(path: "grants/other.yaml", old: nil, new: file.blob)]),
        ] {
            let found = verdict(file, Make.merge(commit, by: "carol"))
            #expect(found.state == .refused, "\(commit)")
            #expect(found.gates.contains { $0.gate == "signer" && $0.passes == false })
        }
    }

    @Test func anExpiredKeyCountsByCurfewsClockWhateverTheDateSays() {
        let expired = Make.person("alice", keys: [PersonKey(Make.key("alice"), validUntil: Make.now + .seconds(-60))])
        let policies = Make.policies(people: [expired] + ["bob", "carol", "dave"].map { Make.person($0) })
        let file = Make.grant()
        let backdated = Make.request(file, at: Make.now + .seconds(-3600))
        #expect(verdict(file, Make.merge(backdated, by: "bob"), policies: policies).state == .refused)
    }

    @Test(arguments: [
        (Span.seconds(7201), false), (.seconds(7200), true), (.zero, false), (Span(milliseconds: -1), false),
        (Span(milliseconds: .max), false),
    ])
    func durations(_ span: Span, _ good: Bool) {
        let file = Make.grant(span)
        let found = verdict(file, Make.merge(Make.request(file), by: "bob"))
        #expect(isActive(found) == good, "\(found)")
    }

    @Test func everyReasonIsToldAtOnce() {
        let file = Make.grant(.seconds(90_000), reason: "because", person: "dave")
        let found = verdict(file, Make.merge(Make.request(file), by: "bob"))
        let failing = Set(found.gates.filter { $0.passes == false }.map(\.gate))
        #expect(found.state == .refused)
        #expect(failing == ["eligible", "duration", "reason"])
        #expect(found.reasons.contains { $0.contains("who may: alice, bob") })
    }

    @Test func aBackdatedCommitOnlyShortensAndAFutureOneIsRefused() {
        let file = Make.grant()
        let old = verdict(
            file, Make.merge(Make.request(file, at: Make.now + .seconds(-600)), by: "bob", at: Make.now + .seconds(-600)))
        #expect(old.state == .active(start: Make.now + .seconds(-600), end: Make.now + .seconds(2100)))
        let future = verdict(
            file, Make.merge(Make.request(file, at: Make.now + .seconds(61)), by: "bob", at: Make.now + .seconds(61)))
        #expect(future.state == .refused)
    }

    @Test func policyIsJudgedAgainWhenItBegins() {
        let file = Make.grant(notBefore: Make.now + .seconds(600))
        let step = Make.merge(Make.request(file), by: "bob")
        #expect(verdict(file, step).state == .scheduled(start: Make.now + .seconds(600), end: Make.now + .seconds(3300)))
        let without = Make.policies { $0.eligible = [.person(Make.name("bob"))] }
        #expect(verdict(file, step, policies: without, now: Make.now + .seconds(601)).state == .refused)
        let approverGone = Make.policies { $0.approvals.from = [.person(Make.name("carol"))] }
        #expect(verdict(file, step, policies: approverGone, now: Make.now + .seconds(601)).state == .pending)
    }

    @Test func whatRunsHasTheTimeThatPolicyAllowsAndEndsWithItsRole() {
        let file = Make.grant()
        let item = GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: Make.now)
        let strict = Make.policies { $0.maxDuration = .seconds(60) }
        let going = Make.judge([item], policies: strict, running: [file.id], now: Make.now + .seconds(100))[0]
        #expect(going.state == .ended(at: Make.now + .seconds(100)))
        let shorter = Make.judge(
            [item], policies: Make.policies { $0.maxDuration = .seconds(600) }, running: [file.id],
            now: Make.now + .seconds(100))
        #expect(shorter[0].state == .active(start: Make.now, end: Make.now + .seconds(600)))
        let gone = Make.judge([item], policies: PolicySet(), running: [file.id], now: Make.now + .seconds(100))[0]
        #expect(gone.state == .ended(at: Make.now + .seconds(100)))
        let over = Make.judge([item], running: [file.id], now: Make.now + .seconds(2700))[0]
        #expect(over.state == .ended(at: Make.now + .seconds(2700)))
    }

    @Test func aRoleRenamedBetweenApprovalAndMergeIsRefused() {
        var policies = Make.policies()
        policies.roles = [:]
        let file = Make.grant()
        #expect(verdict(file, Make.merge(Make.request(file), by: "bob"), policies: policies).state == .refused)
    }

    @Test func concurrencyCountsTheOldestFirst() {
        let policies = Make.policies { $0.maxConcurrent = 1 }
        let files = [Make.grant(name: "alice-1"), Make.grant(name: "alice-2")]
        let cases = files.enumerated().map { index, file in
            GrantCase(
                file: file,
                step: Make.merge(
                    Make.request(file, at: Make.now + .seconds(Int64(-10 + index))), by: "bob",
                    at: Make.now + .seconds(Int64(-10 + index))),
                firstSeen: Make.now)
        }
        let found = Make.judge(cases.reversed(), policies: policies)
        #expect(isActive(found[0]) && found[1].state == .refused)
    }

    @Test func breakGlassNeedsNoApprovalButAReviewBeforeTheNext() {
        let file = Make.grant(.seconds(1800), breakGlass: true)
        let item = GrantCase(file: file, step: BranchStep(commit: Make.request(file)), firstSeen: Make.now)
        #expect(isActive(Make.judge([item])[0]))
        let pending = BreakGlassHistory(unreviewed: [
            GrantID(name: Make.name("alice-0"), blob: Make.id("0")): .init(person: Make.name("alice"), due: Make.now)
        ])
        #expect(Make.judge([item], history: pending)[0].state == .refused)
        let long = Make.grant(.seconds(1801), breakGlass: true)
        #expect(
            Make.judge([GrantCase(file: long, step: BranchStep(commit: Make.request(long)), firstSeen: Make.now)])[0].state
                == .refused)
    }

    @Test func aBackendThatCannotEndByItselfIsRefusedWhereThatIsRequired() {
        let policies = Make.policies { $0.requireSelfExpiry = true }
        let file = Make.grant()
        let item = GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: Make.now)
        #expect(Make.judge([item], policies: policies, selfExpiring: false)[0].state == .refused)
        #expect(isActive(Make.judge([item], policies: policies)[0]))
        #expect(Make.judge([item], problems: ["a principal with a comma"])[0].reasons == ["bastion: a principal with a comma"])
        #expect(Make.judge([item], broken: true)[0].state == .refused)
    }

    @Test func windowsFollowTheirZone() {
        // 2027-01-15 08:00:00Z, a Friday; in Berlin it is 09:00.
        let open = Make.policies { $0.windows = [TimeWindow(days: [.fri], from: 540, to: 1200, zone: "Europe/Berlin")] }
        let shut = Make.policies { $0.windows = [TimeWindow(days: [.fri], from: 541, to: 1200, zone: "Europe/Berlin")] }
        let night = Make.policies { $0.windows = [TimeWindow(days: [.thu], from: 1200, to: 541, zone: "Europe/Berlin")] }
        let file = Make.grant()
        let step = Make.merge(Make.request(file), by: "bob")
        #expect(isActive(verdict(file, step, policies: open)))
        #expect(isActive(verdict(file, step, policies: night)))
        let found = verdict(file, step, policies: shut)
        #expect(found.state == .refused)
        #expect(found.reasons.contains { $0.contains("2027-01-15 08:01:00Z") }, "\(found.reasons)")
    }
}
