import CurfewJournal
import CurfewTestSupport
import Foundation
import Testing

@Suite struct FactTests {
    let scratch: Scratch
    let journal: Journal

    init() throws {
        scratch = try Scratch("journal-facts")
        journal = try Journal(path: scratch.file("journal.sqlite"))
    }

    @Test func setsReadsAndRemoves() async throws {
        #expect(try await journal.fact("a") == nil)
        try await journal.setFact("a", Data([0, 1, 255]))
        #expect(try await journal.fact("a") == Data([0, 1, 255]))
        try await journal.setFact("a", Data())
        #expect(try await journal.fact("a") == Data())
        try await journal.setFact("a", nil)
        try await journal.setFact("a", nil)
        #expect(try await journal.fact("a") == nil)
    }

    @Test func readsByPrefix() async throws {
        let one = Data([1])
        try await journal.setFacts(["memory/web": one, "memory/db": one, "memorx": one, "memory0": one, "Memory/x": one])
        #expect(try await journal.facts(prefix: "memory/").keys.sorted() == ["memory/db", "memory/web"])
        #expect(try await journal.facts(prefix: "").count == 5)
        try await journal.setFacts(["memory/web": nil, "memory/db": Data([2])])
        #expect(try await journal.facts(prefix: "memory/") == ["memory/db": Data([2])])
    }

    @Test(arguments: ["", "a\0b", String(repeating: "k", count: 513)])
    func refusesMalformedKeysWhole(_ key: String) async throws {
        let error = await #expect(throws: JournalError.self) { try await journal.setFacts(["good": Data(), key: Data()]) }
        #expect(error?.code == .invalid)
        #expect(try await journal.facts(prefix: "").isEmpty)
    }

    @Test func outlivesTheJournal() async throws {
        let path = scratch.file("other.sqlite")
        try await Journal(path: path).setFact("seen", Data("x".utf8))
        #expect(try await Journal(path: path).fact("seen") == Data("x".utf8))
        #expect(try await Journal.reader(path: path).facts(prefix: "s") == ["seen": Data("x".utf8)])
    }
}
