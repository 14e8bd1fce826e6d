import Foundation
import Testing

@testable import CurfewDockerAPI

/// Figures and streams that no engine should send; each of these ended the process, or kept it busy.
@Suite struct EngineAnswerTests {
    @Test(arguments: [
        "2147483647-01-01T00:00:00Z", "9999999999-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "0-1-1T0:0:0Z", "",
    ])
    func whatIsNoTimeIsNone(_ text: String) { #expect(SwarmTask.milliseconds(text) == nil) }

    @Test func timesAreRead() {
        #expect(SwarmTask.milliseconds("1970-01-01T00:00:01.5Z") == 1500)
        #expect(SwarmTask.milliseconds("9999-12-31T23:59:60Z") != nil)
        #expect((SwarmTask.milliseconds("0001-01-01T00:00:00Z") ?? 0) < 0)
    }

    @Test(arguments: [Int64.min, -1_000_000_001, -1, 0, 1, .max]) func anyTimeCanBeAskedFor(_ nanoseconds: Int64) {
        let text = DockerClient.time(nanoseconds)
        #expect(text.split(separator: ".").map(\.count).last == 9 && !text.hasPrefix("-"))
    }

    @Test(.timeLimit(.minutes(1))) func aMillionEmptyFramesAreNoWork() {
        var demultiplexer = LogDemultiplexer()
        let frame: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
        demultiplexer.add(Data((0..<1_000_000).flatMap { _ in frame }))
        #expect(demultiplexer.finished().isEmpty)
    }
}
