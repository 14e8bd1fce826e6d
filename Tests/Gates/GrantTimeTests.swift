import CurfewGates
import CurfewModel
import Testing

/// Which clock decides what: Curfew's first sight, history, or now.
@Suite struct GrantTimeTests {
    private func isActive(_ verdict: GrantVerdict) -> Bool { if case .active = verdict.state { true } else { false } }
    private func person(_ who: String, until: Instant) -> [Person] {
        ["alice", "bob", "carol", "dave"].map {
            $0 == who ? Make.person($0, keys: [PersonKey(Make.key($0), validUntil: until)]) : Make.person($0)
        }
    }

    @Test(arguments: [true, false]) func aBackDatedGrantTakesNoPlaceOfAnEarlierOne(_ isRunning: Bool) {
        let policies = Make.policies {
            $0.maxConcurrent = 1
            $0.approvals = Quorum()
        }
        let (old, new) = (Make.grant(name: "alice-1"), Make.grant(name: "alice-2"))
        let later = Make.now + .seconds(600)
        let cases = [
            GrantCase(file: old, step: BranchStep(commit: Make.request(old)), firstSeen: Make.now),
            GrantCase(
                file: new, step: BranchStep(commit: Make.request(new, at: Make.now + .seconds(-1))), firstSeen: later),
        ]
        let found = Make.judge(cases, policies: policies, running: isRunning ? [old.id] : [], now: later)
        #expect(isActive(found[0]) && found[1].state == .refused, "\(found)")
    }

    @Test func theMergersKeyHasToBeValidAtFirstSight() {
        let file = Make.grant(notBefore: Make.now + .seconds(600))
        let item = GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: Make.now)
        for (validFor, good) in [(Span.seconds(60), true), (.seconds(-60), false)] {
            let policies = Make.policies(people: person("bob", until: Make.now + validFor))
            let found = Make.judge([item], policies: policies, now: Make.now + .seconds(601))[0]
            #expect(isActive(found) == good, "\(found.state) \(found.reasons)")
        }
    }

    @Test func aTagsKeyHasToBeValidWhenCurfewSeesTheTag() {
        let file = Make.grant(notBefore: Make.now + .seconds(600))
        let tag = Make.tag("alice-1", by: "carol", for: file.blob)
        let policies = Make.policies(people: person("carol", until: Make.now + .seconds(60)))
        // Without a first sight it is seen just now, whatever date it claims.
        for (seen, good) in [([tag.id: Make.now], true), ([tag.id: Make.now + .seconds(61)], false), ([:], false)] {
            let item = GrantCase(
                file: file, step: BranchStep(commit: Make.request(file)), firstSeen: Make.now, tagsSeen: seen)
            let found = Make.judge([item], policies: policies, approvals: [tag], now: Make.now + .seconds(601))[0]
            #expect(isActive(found) == good, "\(found.state) \(found.reasons)")
        }
    }

    /// The window closes at 09:30 in Berlin, half an hour after `Make.now`.
    private let morning = Make.policies {
        $0.windows = [TimeWindow(days: [.fri], from: 540, to: 570, zone: "Europe/Berlin")]
    }

    @Test func theWindowIsThatOfTheStartAndNotOfEveryLook() {
        let file = Make.grant()
        let item = GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: Make.now)
        // What is running is not known any more, and the window has closed since.
        #expect(isActive(Make.judge([item], policies: morning, now: Make.now + .seconds(2400))[0]))
    }

    @Test func aDateThatIsClaimedOpensNoWindow() {
        let file = Make.grant(.seconds(7200))
        let late = Make.now + .seconds(2400)
        let merge = GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: late)
        #expect(Make.judge([merge], policies: morning, now: late)[0].state == .refused)
        let tag = Make.tag("alice-1", by: "carol", for: file.blob)
        let tagged = GrantCase(
            file: file, step: BranchStep(commit: Make.request(file)), firstSeen: Make.now, tagsSeen: [tag.id: late])
        #expect(Make.judge([tagged], policies: morning, approvals: [tag], now: late)[0].state == .refused)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [Int64.max, 253_402_300_799_000, .min]) func momentsFarAway(_ far: Int64) {
        let file = Make.grant(notBefore: Instant(milliseconds: far))
        let item = GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: Make.now)
        _ = Make.judge([item], policies: morning)
    }

    @Test func whatIsEndedEarlyBeginsNoMore() {
        let file = Make.grant()
        let step = Make.merge(Make.request(file), by: "bob")
        func state(endedAt early: Instant, running: Bool, at now: Instant = Make.now) -> GrantVerdict.State {
            Make.judge(
                [GrantCase(file: file, step: step, firstSeen: Make.now, endedEarly: early)], running: running ? [file.id] : [],
                now: now)[0].state
        }
        let later = Make.now + .seconds(60)
        for running in [true, false] {
            #expect(state(endedAt: Make.now, running: running) == .ended(at: Make.now))
            #expect(state(endedAt: later, running: running) == .active(start: Make.now, end: later))
            #expect(state(endedAt: later, running: running, at: later) == .ended(at: later))
        }
        let waiting = GrantCase(
            file: file, step: BranchStep(commit: Make.request(file)), firstSeen: Make.now, endedEarly: Make.now)
        #expect(Make.judge([waiting])[0].state == .ended(at: Make.now))
    }
}
