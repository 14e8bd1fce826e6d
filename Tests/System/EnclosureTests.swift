import CurfewSystem
import Foundation
import Glibc
import Testing

/// A sandbox made with `unshare`, with a shell inside that goes on.
private struct Sandbox {
    let supervisor: ProcessID
    let first: ProcessID

    static func with(_ body: (Sandbox) async throws -> Void) async throws {
        let mark = "\(getpid()).\(Int.random(in: 0..<1_000_000))"
        let start = Program(
            "sh",
            [
                "-c",
                "unshare --mount --pid --fork sh -c 'sleep 60.\(mark) & while :; do sleep 0.02; done' >/dev/null 2>&1 & echo $!",
            ])
        let supervisor = try #require(
            Int32(try await start.run(within: .seconds(5)).text.trimmingCharacters(in: .whitespacesAndNewlines)))
        defer { kill(-getpgid(supervisor), SIGKILL) }
        var found: Int32?
        for _ in 0..<200 where found == nil {
            found = Processes.all().values.first { $0.parent == supervisor }?.id.pid
            usleep(10_000)
        }
        let first = try #require(found)
        try await body(
            Sandbox(supervisor: try #require(ProcessID(supervisor)), first: try #require(ProcessID(first))))
        kill(first, SIGKILL)
    }

    var enclosure: Enclosure {
        Enclosure(key: "box", first: first, supervisors: [supervisor], groupMark: "no-group-of-this-name")
    }
}

@Suite("Strangers in a sandbox", .enabled(if: geteuid() == 0, "namespaces belong to root")) struct EnclosureSerial {
    @Test("Its own processes are none, however fast they come and go", .timeLimit(.minutes(1))) func own() async throws {
        try await Sandbox.with { box in
            for _ in 0..<40 { #expect(Intruder.find(in: [box.enclosure]).map(\.commandLine) == []) }
        }
    }

    @Test(
        "Whoever comes from outside is found, with what it runs", .timeLimit(.minutes(1)),
        arguments: [
            "nsenter -t PID -m -- sleep 9.75", "nsenter -t PID -p -- sleep 9.75", "nsenter -t PID -m -p -- sleep 9.75",
            "nsenter -t PID -m -p -- sh -c 'sleep 9.75; true'",
        ])
    func strangers(_ way: String) async throws {
        try await Sandbox.with { box in
            let start = Program("sh", ["-c", "(\(way.replacing("PID", with: "\(box.first.pid)"))) >/dev/null 2>&1 & echo $!"])
            let shell = try await start.run(within: .seconds(5)).text
            var found: [Intruder] = []
            for _ in 0..<100 where !found.contains(where: { $0.commandLine.contains("sleep 9.75") }) {
                found = Intruder.find(in: [box.enclosure])
                usleep(20_000)
            }
            let stranger = try #require(found.first { $0.commandLine.contains("sleep 9.75") }, "\(found)")
            #expect(stranger.key == "box" && stranger.user == 0 && stranger.who.contains("namespace"), "\(stranger)")
            for intruder in found { intruder.process.signal(SIGKILL) }
            _ = shell
        }
    }

    @Test("A sandbox that is gone has no strangers") func gone() {
        #expect(Intruder.find(in: []).isEmpty)
        let gone = Enclosure(key: "x", first: ProcessID(pid: 1, started: 12345), groupMark: "x")
        #expect(Intruder.find(in: [gone]).isEmpty)
    }
}
