import CurfewJournal
import CurfewModel
import CurfewNotifications
import CurfewTestSupport
import Foundation
import Logging
import Synchronization
import Testing

@testable import CurfewDaemon

/// Takes what it is told, or does not.
private final class Ear: Notifier {
    let forgets: Bool
    private let state = Mutex<(heard: [String], failure: NotificationError?)>(([], nil))
    init(forgets: Bool = false) { self.forgets = forgets }
    var heard: [String] { state.withLock { $0.heard } }
    func fail(_ error: NotificationError?) { state.withLock { $0.failure = error } }
    func send(_ notice: Notice) async throws {
        try state.withLock {
            if let failure = $0.failure { throw failure }
            $0.heard.append("\(notice.kind) \(notice.id) \(notice.state.rawValue)")
        }
    }
    func shutdown() async {}
}

@Suite struct KeeperTests {
    private final class Place: Sendable {
        let scratch: Scratch
        let journal: Journal
        let moment = Mutex(Instant(milliseconds: 1_795_000_000_000))
        let problems = Mutex<[String]>([])
        let grants = Mutex<[Status.Grant]>([])

        init() throws {
            scratch = try Scratch("notify")
            journal = try Journal(path: scratch.file("journal.sqlite"))
        }
        var now: Instant { moment.withLock { $0 } }
        func pass(_ span: Span) { moment.withLock { $0 = $0 + span } }
        func keeper(_ ear: Ear, kinds: [String] = [], severity: Severity = .warning) -> NotificationKeeper {
            NotificationKeeper(
                .init(
                    name: Name(literal: "ear"), notifier: ear, filter: .init(kinds: kinds, severity: severity),
                    reminder: .seconds(600), journal: journal, status: { self.status }, now: { self.now },
                    log: Logger(label: "test")))
        }
        func happens(_ kind: String, _ message: String = "x") async throws {
            try await journal.append(JournalEvent(at: now, kind: kind, message: message))
        }
        private var status: Status {
            Status(
                pid: 1, at: now, revision: nil, verified: false, trust: "none", state: .converged, paused: nil,
                source: .init(url: "u", branch: "main"), workloads: [], heldBundles: [], holds: [], diagnostics: [],
                problems: problems.withLock { $0 }, pendingReverts: [], grants: grants.withLock { $0 })
        }
    }

    @Test func historyIsNoNewsAndEachEventIsToldOnceInOrder() async throws {
        let (place, ear) = (try Place(), Ear())
        try await place.happens("entry.alert")
        #expect(await place.keeper(ear).turn())
        #expect(ear.heard == [])
        for kind in ["attempt.refused", "daemon.started", "entry.alert"] { try await place.happens(kind) }
        let keeper = place.keeper(ear)
        #expect(await keeper.turn())
        #expect(await keeper.turn())
        #expect(ear.heard == ["attempt.refused event/2 event", "entry.alert event/4 event"])
        // Another process goes on where that one ended.
        try await place.happens("revert.pushed")
        #expect(await place.keeper(ear).turn())
        #expect(ear.heard.count == 3)
    }

    @Test func downForAWhileNothingIsLostAndNothingDoubled() async throws {
        let (place, ear) = (try Place(), Ear())
        _ = await place.keeper(ear).turn()
        ear.fail(NotificationError("down"))
        let keeper = place.keeper(ear)
        for number in 0..<5 {
            try await place.happens("entry.alert", "\(number)")
            #expect(await !keeper.turn())
            place.pass(.seconds(20))
        }
        ear.fail(nil)
        #expect(await place.keeper(ear).turn())
        #expect(await keeper.turn())
        #expect(Set(ear.heard).count == 5)
    }

    @Test func whatIsRefusedForGoodIsNotedAndLeft() async throws {
        let (place, ear) = (try Place(), Ear())
        let keeper = place.keeper(ear)
        _ = await keeper.turn()
        ear.fail(NotificationError("it is refused with status 400", isFinal: true))
        try await place.happens("entry.alert")
        #expect(await keeper.turn())
        ear.fail(nil)
        try await place.happens("attempt.refused")
        #expect(await keeper.turn())
        // Not even the note that it could not be told is told to the one who could not be told.
        #expect(ear.heard == ["attempt.refused event/3 event"])
        let note = try #require(try await place.journal.last(1, kind: "notify.failed").first)
        #expect(note.message.contains("ear was not told of event/1 (entry.alert): it is refused with status 400"))
    }

    @Test func whatIsTooOldIsLeft() async throws {
        let (place, ear) = (try Place(), Ear())
        let keeper = place.keeper(ear)
        _ = await keeper.turn()
        ear.fail(NotificationError("down"))
        try await place.happens("entry.alert")
        place.pass(NotificationKeeper.oldest)
        place.pass(.seconds(1))
        #expect(await keeper.turn())
        #expect(try await place.journal.last(1, kind: "notify.failed").count == 1)
    }

    @Test func whatGoesOnIsToldOnceAndItsEndToo() async throws {
        let (place, ear) = (try Place(), Ear())
        let keeper = place.keeper(ear)
        _ = await keeper.turn()
        place.problems.withLock { $0 = ["runtime docker does not answer: 3 s"] }
        _ = await keeper.turn()
        #expect(ear.heard == [], "what passes at once is not told")
        place.pass(.seconds(3))
        for _ in 0..<3 {
            _ = await keeper.turn()
            place.problems.withLock { $0 = ["runtime docker does not answer: 77 s"] }
            place.pass(.seconds(90))
        }
        #expect(ear.heard.count == 1 && ear.heard[0].hasSuffix("firing"))
        place.problems.withLock { $0 = [] }
        // The end is told by another process.
        _ = await place.keeper(ear).turn()
        place.pass(.seconds(3))
        _ = await place.keeper(ear).turn()
        #expect(ear.heard.count == 2 && ear.heard[1].hasSuffix("resolved"))
    }

    @Test func whoForgetsIsToldAgain() async throws {
        let (place, ear) = (try Place(), Ear(forgets: true))
        let keeper = place.keeper(ear)
        place.problems.withLock { $0 = ["a problem"] }
        for _ in 0..<10 {
            _ = await keeper.turn()
            place.pass(.seconds(30))
        }
        #expect((4...6).contains(ear.heard.count), "\(ear.heard)")
    }

    @Test func theHolderIsRemindedOnce() async throws {
        let (place, ear) = (try Place(), Ear())
        let keeper = place.keeper(ear, severity: .info)
        let (end, blob) = (place.now + .seconds(900), try #require(ObjectID(String(repeating: "a", count: 40))))
        place.grants.withLock {
            $0 = [
                Status.Grant(
                    name: Name(literal: "inc-1"), blob: blob,
                    person: Name(literal: "alice"), role: Name(literal: "dba"), state: "active", start: place.now, end: end,
                    reasons: [], approvedBy: [], backends: [], reason: nil, touches: [])
            ]
        }
        for _ in 0..<20 {
            _ = await keeper.turn()
            place.pass(.seconds(60))
        }
        #expect(ear.heard.count == 1 && ear.heard[0].hasPrefix("grant.ending grant.ending/inc-1/"), "\(ear.heard)")
    }
}
