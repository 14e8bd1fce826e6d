import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation

@testable import CurfewSSHBackend

extension SSHHost {
    /// A backend for this host, opened: each call is a start of Curfew.
    func backend(
        usesPrincipals: Bool = true, hook: [String] = [], now: @escaping @Sendable () -> Instant = { .current }
    ) async throws -> SSHBackend {
        let backend = SSHBackend(
            configuration: SSHBackendConfiguration(
                name: Name(literal: "bastion"), folder: state, ca: ca, krl: krl, principals: usesPrincipals ? principals : nil,
                authLog: log, hook: hook, host: "127.0.0.1"), now: now)
        try await backend.open()
        return backend
    }

    var state: String { scratch.file("state") }

    func person() throws -> Person {
        let text = try String(contentsOfFile: login + ".pub", encoding: .utf8)
        guard let key = SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ProgramFailure(command: "read", output: text)
        }
        return Person(name: Name(literal: "alice"), emails: [], loginKeys: [key])
    }

    func settings(_ more: [String: Setting] = [:]) -> [String: Setting] {
        more.merging(["principals": .list([.text(account)])]) { given, _ in given }
    }

    /// A grant that began a minute ago and ends in an hour, unless said otherwise.
    func order(ends: Instant = .current + .seconds(3600), _ more: [String: Setting] = [:]) throws
        -> AccessOrder
    {
        AccessOrder(
            id: GrantID(name: Name(literal: "one"), blob: .random()), person: try person(), settings: settings(more),
            start: ends + .seconds(-7200), end: ends, reason: "a test\nof many lines")
    }

    /// Puts what was handed out into a file, as `curfew credentials` does.
    func install(_ credentials: [Credential], as name: String = "one") throws -> String {
        guard let certificate = credentials.first else { throw ProgramFailure(command: "install", output: "no certificate") }
        return try scratch.write("certificates/\(name)-cert.pub", String(decoding: certificate.content, as: UTF8.self))
    }
}

extension Instant {
    static var current: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

extension AccessProbe {
    var isGone: Bool { if case .gone = self { true } else { false } }
}
