import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Testing

@Suite struct SearchTests {
    /// 300 events of three kinds about two workloads, one a second.
    private func reader() async throws -> (Scratch, JournalReader) {
        let scratch = try Scratch("journal-search")
        let path = scratch.file("journal.sqlite")
        let journal = try Journal(path: path)
        try await journal.append(
            (1...300).map { number in
                JournalEvent(
                    at: Instant(milliseconds: Int64(number) * 1000),
                    kind: ["grant.given", "grant.ended", "rollout.finished"][number % 3],
                    workload: Name(["web", "db"][number % 2]), message: "event \(number) 100%",
                    details: ["person": "p_\(number)"])
            })
        return (scratch, try Journal.reader(path: path))
    }

    @Test func newestFirstByKind() async throws {
        let (scratch, reader) = try await reader()
        defer { withExtendedLifetime(scratch) {} }
        let found = try await reader.search(EventQuery(kinds: ["grant.given", "grant.ended"]), limit: 5)
        #expect(found.map(\.sequence) == [300, 298, 297, 295, 294])
        var query = EventQuery()
        query.kindPrefix = "grant."
        #expect(try await reader.search(query, limit: 5) == found)
        query.kindPrefix = "nothing."
        #expect(try await reader.search(query, limit: 5).isEmpty)
        #expect(try await reader.kinds() == ["grant.ended", "grant.given", "rollout.finished"])
    }

    @Test func byTimePlaceAndWorkload() async throws {
        let (scratch, reader) = try await reader()
        defer { withExtendedLifetime(scratch) {} }
        var query = EventQuery()
        (query.since, query.until) = (Instant(milliseconds: 10_000), Instant(milliseconds: 14_000))
        #expect(try await reader.search(query, limit: 100).map(\.sequence) == [14, 13, 12, 11, 10])
        (query.after, query.before) = (10, 14)
        #expect(try await reader.search(query, limit: 100).map(\.sequence) == [13, 12, 11])
        query.workload = Name("db")
        #expect(try await reader.search(query, limit: 100).map(\.sequence) == [13, 11])
        #expect(try await reader.search(query, limit: 0).isEmpty)
    }

    @Test func textIsTextAndNoPattern() async throws {
        let (scratch, reader) = try await reader()
        defer { withExtendedLifetime(scratch) {} }
        func count(_ text: String) async throws -> Int {
            var query = EventQuery()
            query.text = text
            return try await reader.search(query, limit: 1000).count
        }
        #expect(try await count("EVENT 7 ") == 1)
        #expect(try await count("p_7\"") == 1)
        #expect(try await count("00%") == 300)
        #expect(try await count("p%7") == 0)
        #expect(try await count("e_ent") == 0)
        #expect(try await count("\\") == 0)
        #expect(try await count("' OR 1=1 --") == 0)
    }
}
