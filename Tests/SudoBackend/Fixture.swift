import CurfewDrivers
import CurfewModel
import CurfewSystem
import CurfewTestSupport
import Foundation
import Glibc

@testable import CurfewSudoBackend

/// A machine's real sudo, with accounts of the test's own. sudo reads no other folder than `/etc/sudoers.d`, so names are
/// unique and everything is taken away again.
final class Host: Sendable {
    let mark: String
    let scratch: Scratch
    let users: [String]
    var user: String { users[0] }
    var prefix: String { "curfew-\(mark)-" }
    var state: String { scratch.file("state") }
    var log: String { scratch.file("sudo.log") }
    /// A foreign file: sudo writes the log of these accounts into the scratch folder.
    var defaults: String { "/etc/sudoers.d/zz\(mark)" }

    private init() throws {
        mark = "t" + UUID().uuidString.prefix(8).lowercased()
        scratch = try Scratch("sudo")
        users = ["cf\(mark)a", "cf\(mark)b"]
    }

    /// Runs `body` with a host and cleans up after it, whatever happens.
    static func with(_ body: (Host) async throws -> Void) async throws {
        let host = try Host()
        do {
            try await host.build()
            try await body(host)
        } catch {
            await host.clear()
            throw error
        }
        await host.clear()
    }

    private func build() async throws {
        for user in users {
            let isMade = try await eventually { try await execute("useradd", ["-M", "-N", "-s", "/bin/sh", user]).code == 0 }
            guard isMade else { throw ProgramFailure(command: "useradd \(user)", output: "it cannot be made") }
        }
        try scratch.write("sudo.log", "")
        try write(defaults, users.map { "Defaults:\($0) logfile=\(log), !syslog\n" }.joined())
    }

    private func clear() async {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/etc/sudoers.d")) ?? [] where name.contains(mark) {
            unlink("/etc/sudoers.d/" + name)
        }
        let uids = Set(users.compactMap { Accounts.user(of: $0) })
        _ = Processes.terminate(patience: .zero) { Set(RunningCommand.all(of: uids, in: Processes.all()).map(\.process)) }
        for user in users {
            _ = try? await eventually { try await [0, 6].contains(execute("userdel", [user]).code) }
        }
    }

    /// A file that sudo takes: root's own, not writable.
    func write(_ path: String, _ text: String) throws {
        unlink(path)
        try AtomicFile.write(Array(text.utf8), to: path, mode: 0o440, isDurable: false)
    }

    func backend(log: Bool = true, now: @escaping @Sendable () -> Instant = { .current }) async throws -> SudoBackend {
        let backend = SudoBackend(
            configuration: SudoBackendConfiguration(
                name: Name(literal: "host"), stateFolder: state, log: log ? self.log : nil, prefix: prefix), now: now)
        try await backend.open()
        return backend
    }

    /// A grant of an hour for the first account, unless said otherwise.
    func order(
        _ name: String = "one", _ commands: [String] = ["/usr/bin/id"], user: Int = 0, start: Instant = .current,
        lasting: Span = .seconds(3600), settings: [String: Setting] = [:]
    ) -> AccessOrder {
        let person = Person(name: Name(literal: "alice"), emails: [], accounts: ["unix": users[user]])
        return AccessOrder(
            id: .named(name), person: person,
            settings: settings.merging(["commands": .list(commands.map { .text($0) })]) { given, _ in given }, start: start,
            end: start + lasting, reason: "a test\nALL ALL = (ALL) NOPASSWD: ALL")
    }

    func path(_ name: String = "one") -> String { "/etc/sudoers.d/\(prefix)\(GrantID.named(name))" }

    /// Files with our prefix, whatever they end in.
    func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/etc/sudoers.d").filter { $0.hasPrefix(prefix) }
    }

    /// Calls sudo as an account.
    func sudo(_ words: String..., user: Int = 0, zone: String? = nil) async throws -> ProgramResult {
        try await execute(
            "runuser", ["-u", users[user], "--", "sudo", "-n"] + words, in: "/", environment: zone.map { ["TZ": $0] } ?? [:])
    }

    func may(_ words: String..., user: Int = 0) async throws -> Bool {
        try await execute("runuser", ["-u", users[user], "--", "sudo", "-n"] + words, in: "/").code == 0
    }

    /// What sudo runs for the accounts just now, once it has got as far as running it.
    func running(_ text: String) -> [RunningCommand] {
        let uids = Set(users.compactMap { Accounts.user(of: $0) })
        return RunningCommand.all(of: uids, in: Processes.all()).filter { $0.words.joined(separator: " ").hasSuffix(text) }
    }
}

extension Instant {
    static var current: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

extension GrantID {
    /// The same name gives the same id.
    static func named(_ name: String) -> GrantID {
        let digits = name.utf8.map { String($0, radix: 16) }.joined()
        let hex = String((digits + String(repeating: "0", count: 40)).prefix(40))
        guard let name = Name(name), let blob = ObjectID(hex) else { return named("bad") }
        return GrantID(name: name, blob: blob)
    }
}

extension AccessProbe {
    var isGone: Bool { if case .gone = self { true } else { false } }
    var text: String {
        switch self {
        case .gone(let text), .alive(let text): text
        }
    }
}
