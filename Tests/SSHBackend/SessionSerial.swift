import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSSHBackend

/// Sessions that are open when a grant ends.
@Suite(.serialized, .enabled(if: geteuid() == 0, "accounts belong to root")) struct SSHSessionSerial {
    private func start(_ command: String, _ certificate: String, on host: SSHHost) throws -> Server {
        try Server(
            "ssh", host.arguments(certificate: certificate) + [command], log: host.scratch.file("session.log"),
            environment: ["SSH_AUTH_SOCK": ""])
    }

    private func runs(_ words: String) async throws -> Bool { try await execute("pgrep", ["-f", words]).code == 0 }

    @Test(.timeLimit(.minutes(1))) func endsItsOwnSessionsWithWhatTheyStartedAndNobodyElses() async throws {
        try await SSHHost.with { host in
            let backend = try await host.backend()
            let (mine, other) = (try host.order(), try host.order())
            let mineFile = try host.install(try await backend.give(mine), as: "mine")
            let otherFile = try host.install(try await backend.give(other), as: "other")
            let mark = 7_000_000 + Int.random(in: 0..<900_000)
            let first = try start("trap '' HUP TERM; sleep \(mark)1 & sleep \(mark)1", mineFile, on: host)
            let left = try start("nohup setsid sleep \(mark)2 >/dev/null 2>&1 & sleep 0.2", mineFile, on: host)
            let second = try start("sleep \(mark)3", otherFile, on: host)
            defer { withExtendedLifetime((first, left, second)) {} }
            for number in 1...3 { #expect(try await eventually { try await runs("^sleep \(mark)\(number)$") }) }
            #expect(try await backend.probe([mine.id])[mine.id]?.isGone == false)
            try await backend.end([mine.id])
            #expect(try await !runs("^sleep \(mark)1$"))
            #expect(try await !runs("^sleep \(mark)2$"))
            #expect(try await runs("^sleep \(mark)3$"))
            #expect(try await backend.probe([mine.id])[mine.id]?.isGone == true)
            #expect(try await backend.probe([other.id])[other.id]?.isGone == false)
            try await backend.end([other.id])
            #expect(try await !runs("^sleep \(mark)3$"))
        }
    }

    @Test(.timeLimit(.minutes(1))) func aHookIsRunByItsWordsForEachGrant() async throws {
        try await SSHHost.with { host in
            let told = host.scratch.file("told")
            let script = try host.scratch.write("hook", "#!/bin/sh\nprintf '%s|' \"$@\" >> \(told)\n")
            chmod(script, 0o755)
            let backend = try await host.backend(hook: [script, "{serial}", "a b;$(id)", "{principal}"])
            let order = try host.order()
            _ = try await backend.give(order)
            try await backend.end([order.id])
            #expect(try String(contentsOfFile: told, encoding: .utf8) == "\(order.id.serial)|a b;$(id)|\(host.account)|")
            // What a hook cannot do is told, and has ended everything else.
            let failing = try await host.backend(hook: ["/bin/false"])
            let next = try host.order()
            let certificate = try host.install(try await failing.give(next))
            await #expect(throws: DriverError.self) { try await failing.end([next.id]) }
            #expect(try await !host.admits(certificate: certificate))
        }
    }
}
