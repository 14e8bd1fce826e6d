import CurfewJournal
import CurfewTestSupport
import Foundation
import Subprocess
import Testing

/// A small tmpfs, filled up.
@Suite struct FullDiskTests {
    @Test(.enabled(if: getuid() == 0, "mounting a tmpfs needs root"), .timeLimit(.minutes(1)))
    func goesOnOnceThereIsSpace() async throws {
        let scratch = try Scratch("journal-full")
        let folder = scratch.file("disk")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await run("mount", "-t", "tmpfs", "-o", "size=1m", "curfew-test", folder)
        do {
            try await fillAndFree(folder)
        } catch {
            Issue.record(error)
        }
        try await run("umount", folder)
    }

    private func fillAndFree(_ folder: String) async throws {
        let path = folder + "/journal.sqlite"
        let journal = try Journal(path: path)
        try await journal.append(Fixture.event(1))
        var (appended, refused) = (Int64(1), 0)
        try Data(count: 300_000).write(to: URL(filePath: folder + "/ballast"))
        while refused < 5 {
            var event = Fixture.event(Int(appended))
            event.details["log"] = String(repeating: "x", count: 30_000)
            do {
                appended = try await journal.append(event).sequence
                #expect(appended < 1000)
            } catch {
                #expect(error.code == .storage, "\(error)")
                refused += 1
            }
        }
        #expect(try await journal.verify().isSound)
        #expect(try await journal.reopenIfReplaced() == false)
        do {
            try await journal.setFact("big", Data(count: 900_000))
            Issue.record("there was space")
        } catch { #expect(error.code == .storage) }

        try FileManager.default.removeItem(atPath: folder + "/ballast")
        #expect(try await journal.append(Fixture.event(0)).sequence == appended + 1)
        let report = try await Journal.reader(path: path).verify()
        #expect(report.isSound && report.count == appended + 1)
    }

    private func run(_ program: String, _ arguments: String...) async throws {
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), output: .string(limit: 4096), error: .string(limit: 4096))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
    }
}
