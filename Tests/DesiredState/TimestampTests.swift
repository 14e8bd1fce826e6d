import CurfewModel
import Testing

@testable import CurfewDesiredState

@Suite struct TimestampTests {
    private func read(_ text: String) -> Int64? {
        Array(text.utf8).withUnsafeBufferPointer { Timestamp.instant($0)?.milliseconds }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59Z", 951_868_799_000), ("2026-11-23T18:00:00Z", 1_795_456_800_000),
        ("2026-11-23T19:30:00+01:30", 1_795_456_800_000), ("2026-11-23T12:00:00-06:00", 1_795_456_800_000),
        ("2026-11-23T18:00:00.5Z", 1_795_456_800_500), ("2026-11-23T18:00:00.007Z", 1_795_456_800_007),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ])
    func moments(_ text: String, _ milliseconds: Int64) { #expect(read(text) == milliseconds) }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T18:00Z", "2026-11-23T18:00:00", "2026-11-23 18:00:00Z", "2026-11-23T18:00:00z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00Zx", "+026-01-01T00:00:00Z", "-026-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "20260-01-01T00:00:00Z", "２026-01-01T00:00:00Z",
    ])
    func refused(_ text: String) { #expect(read(text) == nil) }

    @Test func writtenAndReadBack() {
        for milliseconds in [0, 7, 999, 951_868_799_000, 1_795_456_800_120, 253_402_300_799_999] as [Int64] {
            #expect(read(Timestamp.text(Instant(milliseconds: milliseconds))) == milliseconds)
        }
    }
}
