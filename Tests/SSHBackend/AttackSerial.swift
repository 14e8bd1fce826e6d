import CurfewDrivers
import CurfewModel
import CurfewSystem
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSSHBackend

/// Ways round the end of a grant, against a real sshd.
@Suite(.serialized, .enabled(if: geteuid() == 0, "accounts belong to root")) struct SSHAttackSerial {
    private func runs(_ words: String) async throws -> Bool { try await execute("pgrep", ["-f", words]).code == 0 }

    /// Without audit and without systemd, after the connection is closed and with nothing of it in the environment.
    @Test(.timeLimit(.minutes(1))) func whatLeftTheSessionIsEndedWithTheGrant() async throws {
        try await SSHHost.with { host in
            let backend = try await host.backend()
            let order = try host.order()
            let certificate = try host.install(try await backend.give(order))
            let mark = 8_000_000 + Int.random(in: 0..<900_000)
            let detached =
                "(env -i /usr/bin/setsid /bin/sleep \(mark)1 </dev/null >/dev/null 2>&1 &);"
                + " (setsid sh -c 'setsid sleep \(mark)2 & exit' </dev/null >/dev/null 2>&1 &);"
                + " (env -i setsid sh -c 'trap \"\" TERM HUP; while :; do sleep \(mark)3 & wait; done' </dev/null >/dev/null 2>&1 &);"
                + " sleep 0.3"
            #expect(try await host.run(detached, certificate: certificate).code == 0)
            for number in 1...3 { #expect(try await eventually { try await runs("sleep \(mark)\(number)") }) }
            #expect(try await backend.probe([order.id])[order.id]?.isGone == false)
            try await backend.end([order.id])
            for number in 1...3 { #expect(try await !runs("sleep \(mark)\(number)")) }
            #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
        }
    }

    /// A line of syslog's is anybody's: it ends nobody's session and names no user.
    @Test(.timeLimit(.minutes(1))) func aForgedLineEndsNobodysSession() async throws {
        try await SSHHost.with { host in
            let log = host.scratch.file("auth.log")
            try host.scratch.write("auth.log", "")
            let backend = SSHBackend(
                configuration: SSHBackendConfiguration(
                    name: Name(literal: "bastion"), folder: host.state, ca: host.ca, krl: host.krl, principals: host.principals,
                    authLog: log)
            ) { .current }
            try await backend.open()
            let (victim, forged) = (try host.order(), try host.order())
            let certificate = try host.install(try await backend.give(victim))
            _ = try await backend.give(forged)
            let mark = 8_000_000 + Int.random(in: 0..<900_000)
            let session = try Server(
                "ssh", host.arguments(certificate: certificate) + ["sleep \(mark)"], log: host.scratch.file("session.log"),
                environment: ["SSH_AUTH_SOCK": ""])
            defer { withExtendedLifetime(session) {} }
            #expect(try await eventually { try await runs("^sleep \(mark)$") })
            let live = try #require(
                LiveSession.all(in: Processes.all()).first { $0.endpoints.contains { $0.hasPrefix("127.0.0.1 ") } })
            let port = try #require(live.endpoints.first?.split(separator: " ").last)
            func line(_ id: GrantID, _ pid: Int32) -> String {
                "Nov 23 10:00:01 h sshd[\(pid)]: Accepted publickey for \(host.account) from 127.0.0.1 port \(port) ssh2: ED25519-CERT SHA256:a ID curfew:\(id) (serial \(id.serial)) CA ED25519 SHA256:b\n"
            }
            // A process that is none of sshd's; then the victim's own, beside what sshd said of it.
            for text in [line(forged.id, 4242), line(victim.id, live.process.pid) + line(forged.id, live.process.pid)] {
                let handle = try #require(FileHandle(forWritingAtPath: log))
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(text.utf8))
                try handle.close()
                try await backend.end([forged.id])
                #expect(try await runs("^sleep \(mark)$"))
                #expect(try await backend.evidence(forged.id).used == nil)
            }
        }
    }

    /// An agent that takes the connection and never answers keeps nobody's access open.
    @Test(.timeLimit(.minutes(1))) func anAgentThatHangsStopsNoEnd() async throws {
        try await SSHHost.with { host in
            let before = try await host.backend()
            let order = try host.order()
            let certificate = try host.install(try await before.give(order))
            let socket = try UnansweringSocket(host.scratch.file("agent"))
            defer { withExtendedLifetime(socket) {} }
            var configuration = SSHBackendConfiguration(
                name: Name(literal: "bastion"), folder: host.state, ca: host.ca + ".pub", agentSocket: socket.path,
                krl: host.krl,
                principals: host.principals)
            configuration.signTimeout = .seconds(3)
            let backend = SSHBackend(configuration: configuration) { .current }
            // A start needs no agent either.
            try await backend.open()
            let other = try host.order()
            let giving = Task { try await backend.give(other) }
            try await Task.sleep(for: .milliseconds(300))
            let begin = ContinuousClock.now
            try await backend.end([order.id])
            #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
            #expect(ContinuousClock.now - begin < .seconds(2))
            #expect(try await !host.admits(certificate: certificate))
            await #expect(throws: DriverError.self) { try await giving.value }
            // Whoever stops waiting ends the program.
            let cancelled = Task { try await backend.give(other) }
            try await Task.sleep(for: .milliseconds(300))
            cancelled.cancel()
            await #expect(throws: (any Error).self) { try await cancelled.value }
            #expect(try await !runs("ssh-keygen.*\(host.state)"))
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatIsDamagedIsWrittenAgain() async throws {
        try await SSHHost.with { host in
            let backend = try await host.backend()
            let (order, ended) = (try host.order(), try host.order())
            let certificate = try host.install(try await backend.give(order))
            let old = try host.install(try await backend.give(ended), as: "old")
            try await backend.end([ended.id])
            for damage in [Data("garbage".utf8), Data(), nil] {
                unlink(host.krl)
                if let damage { try damage.write(to: URL(fileURLWithPath: host.krl)) }
                _ = try await backend.observe()
                #expect(await backend.report().repairs.contains { $0.contains(host.krl) })
                #expect(try await host.admits(certificate: certificate))
                #expect(try await !host.admits(certificate: old))
            }
            unlink(host.principals + "/" + host.account)
            _ = try await backend.observe()
            #expect(try await host.admits(certificate: certificate))
            #expect(await backend.report().repairs.contains { $0.contains(host.principals) })
            #expect(await backend.report().problems.isEmpty)
        }
    }

    /// What somebody else has put where the list or a principals file goes stays.
    @Test(.timeLimit(.minutes(1))) func whatIsNotCurfewsIsNotReplaced() async throws {
        try await SSHHost.with { host in
            let theirs = host.scratch.file("ssh/theirs")
            let key = host.scratch.file("keys/theirs")
            try await SSHHost.makeKey(key)
            #expect(try await execute("ssh-keygen", ["-q", "-k", "-f", theirs, key + ".pub"]).code == 0)
            let link = host.scratch.file("ssh/link")
            #expect(symlink(theirs, link) == 0)
            let text = try host.scratch.write("ssh/notes", "mine\n")
            for path in [theirs, link, text, "/dev/null"] {
                let before = FileManager.default.contents(atPath: path)
                let backend = SSHBackend(
                    configuration: SSHBackendConfiguration(
                        name: Name(literal: "bastion"), folder: host.scratch.file("other"), ca: host.ca, krl: path)
                ) { .current }
                await #expect(throws: (any Error).self) { try await backend.open() }
                #expect(FileManager.default.contents(atPath: path) == before)
            }
            let file = host.principals + "/" + host.account
            try "theirs\n".write(toFile: file, atomically: false, encoding: .utf8)
            let backend = try await host.backend()
            await #expect(throws: DriverError.self) { try await backend.give(try host.order()) }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "theirs\n")
        }
    }
}

/// A socket that takes connections and says nothing.
private final class UnansweringSocket: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < 107 else { throw ProgramFailure(command: "bind", output: "\(path) is too long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, listen(descriptor, 16) == 0 else {
            throw ProgramFailure(command: "bind", output: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }
}
