import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

@testable import CurfewDaemon

/// How long recordings are kept and how much there may be of them; and that access ends whatever there is.
@Suite struct RecordingStoreTests {
    private final class Fixture: Sendable {
        let scratch: Scratch
        let gone = Mutex<[String]>([])
        let now = Mutex(Instant.current)
        init() throws { scratch = try Scratch("store") }

        func store(_ bounds: RecordingBounds) -> RecordingStore {
            RecordingStore(folder: scratch.path, bounds: bounds, now: { self.now.withLock { $0 } }) { removed in
                self.gone.withLock { $0.append(removed.id) }
            }
        }

        func add(_ name: String, bytes: Int, days: Int) throws {
            let path = try scratch.write(name, String(repeating: "x", count: bytes))
            let seconds = self.now.withLock { $0 }.milliseconds / 1000 - Int64(days) * 86_400
            var times = [timeval(tv_sec: Int(seconds), tv_usec: 0), timeval(tv_sec: Int(seconds), tv_usec: 0)]
            utimes(path, &times)
        }

        var names: Set<String> { Set((try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? []) }
    }

    @Test func whatIsTooOldIsRemovedAndNothingElse() throws {
        let fixture = try Fixture()
        for (name, days) in [
            ("old.cast", 91), ("young.cast", 89), ("being.cast.part", 200), ("other.txt", 200), ("older.cast", 400),
        ] { try fixture.add(name, bytes: 10, days: days) }
        symlink("/etc/hostname", fixture.scratch.file("link.cast"))
        fixture.store(RecordingBounds()).sweep()
        #expect(Set(fixture.gone.withLock { $0 }) == ["old", "older"])
        #expect(fixture.names == ["young.cast", "being.cast.part", "other.txt", "link.cast"])
    }

    @Test func theOldestMakeRoomAndTheYoungestDoNot() throws {
        let fixture = try Fixture()
        for (name, days) in [("a.cast", 30), ("b.cast", 20), ("c.cast", 3), ("d.cast.part", 60)] {
            try fixture.add(name, bytes: 1000, days: days)
        }
        var bounds = RecordingBounds()
        bounds.maxSize = 4500
        let store = fixture.store(bounds)
        #expect(store.take(500))
        #expect(fixture.gone.withLock { $0 }.isEmpty)
        #expect(store.take(1))
        #expect(fixture.gone.withLock { $0 } == ["a"])
        #expect(store.take(1500))
        #expect(fixture.gone.withLock { $0 } == ["a", "b"])
        // What is left is younger than it has to be kept, or being written.
        #expect(store.take(400) && !store.take(200))
        #expect(fixture.names == ["c.cast", "d.cast.part"])
        bounds.maxSize = 100
        let full = fixture.store(bounds)
        full.sweep()
        #expect(!full.take(1) && fixture.names == ["c.cast", "d.cast.part"])
    }

    /// On a disk of its own that is as good as full: nobody gets in, whoever is in is put out, and a grant ends at once.
    @Test(.timeLimit(.minutes(1)), .enabled(if: geteuid() == 0))
    func aFullDiskOfRecordingsStopsNoEnd() async throws {
        let house = try await House("full")
        let one = try await house.grant()
        try await house.open {
            let folder = house.state.recordings
            guard mount("tmpfs", folder, "tmpfs", 0, "size=4m,mode=0700") == 0 else { return }
            defer { umount2(folder, Int32(MNT_DETACH)) }
            let client = try await Client(house)
            try await client.ask(house, ["cat"])
            let accepted = try await client.accepted()
            // Somebody else fills it.
            let blocks = [UInt8](repeating: 1, count: 4 << 20)
            let file = open(folder + "/ballast", O_WRONLY | O_CREAT, 0o600)
            _ = write(file, blocks, blocks.count)
            close(file)
            let late = try await Client(house)
            try await late.ask(house, ["cat"])
            let refused = try await late.rest().end
            #expect(refused?.reason == .failed && refused?.message.contains("cannot be recorded") ?? false, "\(refused as Any)")
            let start = ContinuousClock.now
            try await house.backend.end([one])
            #expect(ContinuousClock.now - start < .seconds(1))
            #expect(try await client.rest().end?.reason == .cut)
            #expect(await house.backend.openSessions == 0)
            let ended = try await house.ended()
            #expect(ended.details["recording"] == accepted.recording)
            #expect(access("\(folder)/\(accepted.recording).cast", F_OK) == 0)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aSessionThatCannotBeRecordedAnyMoreIsCut() async throws {
        var bounds = RecordingBounds()
        bounds.maxSize = 4096
        let house = try await House("bound", recordings: bounds)
        try await house.grant()
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["cat"])
            _ = try await client.accepted()
            for _ in 0..<20 { try? await client.connection.send(ExecFrame(.input, [UInt8](repeating: 0x61, count: 1000))) }
            let end = try await client.rest().end
            #expect(end?.reason == .cut && end?.message.contains("recordings.maxSize") ?? false, "\(end as Any)")
        }
    }
}
