import CurfewJournal
import CurfewTestSupport
import Foundation
import Testing

@Suite struct ReaderTests {
    @Test func twoReadersFollowTheWriter() async throws {
        let scratch = try Scratch("journal-readers")
        let path = scratch.file("journal.sqlite")
        let journal = try Journal(path: path)
        let (one, two) = (try Journal.reader(path: path), try Journal.reader(path: path))
        #expect(try await one.events().isEmpty)
        for number in 1...20 {
            try await journal.append(Fixture.event(number))
            #expect(try await one.events(after: Int64(number) - 1).count == 1)
            #expect(try await two.last(1).first?.message == "event \(number)")
        }
        async let written: Void = journal.append((21...2000).map { Fixture.event($0) })
        for reader in [one, two] { #expect(try await reader.verify().isSound) }
        try await written
        #expect(try await one.verify() == journal.verify())
    }

    @Test func worksWhileTheServiceIsDown() async throws {
        let scratch = try Scratch("journal-readers")
        let path = scratch.file("journal.sqlite")
        try await Fixture.journal(at: path, count: 5)
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        let reader = try Journal.reader(path: path)
        #expect(try await reader.events().count == 5)
        #expect(try await reader.verify().isSound)
        // The service may start while a reader is there.
        let journal = try Journal(path: path)
        try await journal.append(Fixture.event(6))
        #expect(try await reader.last(1).first?.sequence == 6)
    }
}
