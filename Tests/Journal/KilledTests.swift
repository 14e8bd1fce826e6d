import CurfewJournal
import CurfewTestSupport
import Foundation
import Testing

/// kill -9 in the middle of appending, in a process of its own.
@Suite struct KilledTests {
    @Test(.timeLimit(.minutes(1)))
    func keepsWhatItHasConfirmed() async throws {
        let scratch = try Scratch("journal-killed")
        let path = scratch.file("journal.sqlite")
        for round in 1...6 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, round = round as Int] in
                let delay = Duration.microseconds(Int.random(in: 200...40_000))
                if round < 4 { Task.killer(after: delay) }
                let journal = try Journal(path: path)
                if round >= 4 {
                    try await journal.append(Fixture.event(0))
                    Task.killer(after: delay)
                }
                for number in 1... {
                    let appended = try await journal.append(Fixture.event(number))
                    try await journal.setFact("confirmed", Data("\(appended.sequence)".utf8))
                    try Data("\(appended.sequence)".utf8).write(to: URL(filePath: path + ".confirmed"), options: .atomic)
                }
            }
        }
        let journal = try Journal(path: path)
        #expect(journal.recovered == nil)
        let report = try await journal.verify()
        #expect(report.isSound, "\(report)")
        let confirmed = try? String(contentsOfFile: path + ".confirmed", encoding: .utf8)
        #expect(report.count >= max(3, confirmed.flatMap { Int64($0) } ?? 0))
    }
}

extension Task where Success == Never, Failure == Never {
    /// Ends this process the hard way, from a thread of its own.
    fileprivate static func killer(after delay: Duration) {
        Thread.detachNewThread {
            var rest = timespec(tv_sec: 0, tv_nsec: Int(delay.components.attoseconds / 1_000_000_000))
            nanosleep(&rest, nil)
            kill(getpid(), SIGKILL)
        }
    }
}
