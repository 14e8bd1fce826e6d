import CurfewModel
import CurfewTestSupport
import Glibc
import Synchronization
import Testing

@testable import CurfewDaemon

/// What the end of one process says to the next one.
@Suite struct QuarantineTests {
    private let content = ContentKey(.bundle, "shop", id: "1234")

    /// A process that ends with this in hand, after `signal` (0 = from outside).
    private func process(in scratch: Scratch, fault: Int32, at now: Instant = Instant(milliseconds: 0)) throws -> Quarantine {
        let page = try #require(Breadcrumbs(path: scratch.file("breadcrumbs")))
        _ = page.begin()
        page.set(.init(content: content, stage: "read"))
        let file = open(scratch.file("breadcrumbs"), O_WRONLY)
        var byte = UInt8(truncatingIfNeeded: fault)
        _ = pwrite(file, &byte, 1, 8)
        close(file)
        return Quarantine(folder: scratch.path, trap: nil, now: { now })
    }

    @Test func aFaultSetsAsideAtOnceUntilItChanges() throws {
        let scratch = try Scratch("quarantine")
        let next = try process(in: scratch, fault: 4)
        let why = try #require(next.begin(content, stage: "read"))
        #expect(why.contains("crashed (signal 4)") && why.contains("curfew retry shop"))
        #expect(next.begin(ContentKey(.bundle, "shop", id: "5678"), stage: "read") == nil)
        #expect(
            Quarantine(folder: scratch.path, trap: nil, now: { Instant(milliseconds: 9_999_999_999) }).reason(content) != nil)
        #expect(next.release("shop").count == 1)
        #expect(next.begin(content, stage: "read") == nil)
    }

    @Test func anEndFromOutsideDoesSoTheThirdTimeAndForAnHour() throws {
        let scratch = try Scratch("quarantine")
        for turn in 1...3 {
            let next = try process(in: scratch, fault: 0)
            #expect((next.reason(content) != nil) == (turn == 3))
        }
        let later = Quarantine(folder: scratch.path, trap: nil, now: { Instant(milliseconds: 3_600_001) })
        #expect(later.reason(content) == nil)
    }

    @Test func whatCameToItsEndIsNotToBlame() throws {
        let scratch = try Scratch("quarantine")
        for _ in 1...5 {
            let next = try process(in: scratch, fault: 0)
            #expect(next.begin(content, stage: "read") == nil)
            next.end(content, stage: "read")
        }
        let last = Quarantine(folder: scratch.path, trap: nil, now: { Instant(milliseconds: 0) })
        #expect(last.begin(content, stage: "read") == nil)
        last.close()
        #expect(Quarantine(folder: scratch.path, trap: nil, now: { Instant(milliseconds: 0) }).holds.isEmpty)
    }

    @Test func anyBytesInItsFilesAreRead() throws {
        let scratch = try Scratch("quarantine")
        for seed in 0..<200 {
            let bytes = (0..<65_536).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ seed) ^ ($0 >> 3)) }
            try scratch.write("quarantine.json", String(decoding: bytes.prefix(400), as: UTF8.self))
            let file = open(scratch.file("breadcrumbs"), O_WRONLY | O_CREAT, 0o600)
            _ = Array("CURFEWB1\u{4}\0".utf8).withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
            _ = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count - 512, 512) }
            close(file)
            _ = Quarantine(folder: scratch.path, trap: nil, now: { Instant(milliseconds: 0) })
        }
    }

    /// A symbolic link in its place is not followed; then nothing is noted, and nothing stops.
    @Test func whatCannotBeNotedIsDoneAllTheSame() throws {
        let scratch = try Scratch("quarantine")
        try scratch.write("other", "x")
        #expect(symlink(scratch.file("other"), scratch.file("breadcrumbs")) == 0)
        let next = Quarantine(folder: scratch.path, trap: nil, now: { Instant(milliseconds: 0) })
        #expect(next.begin(content, stage: "read") == nil)
        next.end(content, stage: "read")
    }
}
