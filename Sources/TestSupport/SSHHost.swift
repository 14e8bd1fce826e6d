import Foundation
import Glibc
import Subprocess

/// A real sshd on loopback that trusts a certificate authority, with an account of its own. Needs root.
public final class SSHHost: Sendable {
    /// Everything but the account and the server lies in it.
    public let scratch: Scratch
    /// The account that people log in to.
    public let account: String
    /// Where sshd listens.
    public let port: Int
    private let server: Server

    /// The authority's private key.
    public var ca: String { scratch.file("keys/ca") }
    /// What `RevokedKeys` names.
    public var krl: String { scratch.file("ssh/krl") }
    /// The folder of `AuthorizedPrincipalsFile`.
    public var principals: String { scratch.file("ssh/principals") }
    /// sshd's log at `VERBOSE`.
    public var log: String { scratch.file("ssh/log") }
    /// A key that a test person logs in with.
    public var login: String { scratch.file("keys/login") }

    /// Runs `body` with a host and clears it away, whatever happens.
    public static func with(usesPrincipals: Bool = true, _ body: (SSHHost) async throws -> Void) async throws {
        let host = try await SSHHost(usesPrincipals: usesPrincipals)
        do { try await body(host) } catch {
            await host.clear()
            throw error
        }
        await host.clear()
    }

    private init(usesPrincipals: Bool) async throws {
        scratch = try Scratch("sshd")
        account = "cf" + UUID().uuidString.prefix(8).lowercased()
        port = try freePort()
        let account = account
        for name in ["keys", "ssh/principals"] {
            try FileManager.default.createDirectory(
                atPath: scratch.file(name), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        }
        for name in ["ca", "host", "login"] { try await Self.makeKey(scratch.file("keys/\(name)")) }
        let isMade = try await eventually { try await execute("useradd", ["-M", "-N", "-s", "/bin/sh", account]).code == 0 }
        // `*`: no password, and yet not locked, which sshd would refuse.
        let isOpen = try await eventually { try await execute("usermod", ["-p", "*", account]).code == 0 }
        guard isMade, isOpen else { throw ProgramFailure(command: "useradd \(account)", output: "it cannot be made") }
        let configuration = try scratch.write(
            "ssh/sshd_config",
            """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(scratch.file("keys/host"))
            PidFile none
            TrustedUserCAKeys \(scratch.file("keys/ca.pub"))
            RevokedKeys \(scratch.file("ssh/krl"))
            \(usesPrincipals ? "AuthorizedPrincipalsFile \(scratch.file("ssh/principals"))/%u" : "")
            AuthorizedKeysFile none
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            StrictModes no
            UsePAM no
            LogLevel VERBOSE
            MaxStartups 200
            """)
        mkdir("/run/sshd", 0o755)
        server = try Server("/usr/sbin/sshd", ["-D", "-e", "-f", configuration], log: scratch.file("ssh/log"))
        let port = port
        guard await eventually({ accepts(port) }) else {
            let text = try? String(contentsOfFile: scratch.file("ssh/log"), encoding: .utf8)
            throw ProgramFailure(command: "sshd", output: text ?? "")
        }
    }

    private func clear() async {
        _ = try? await execute("pkill", ["-KILL", "-u", account])
        _ = try? await eventually { try await [0, 6].contains(execute("userdel", [account]).code) }
    }

    /// Makes an ed25519 key without a passphrase.
    public static func makeKey(_ path: String) async throws {
        let made = try await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path])
        guard made.code == 0 else { throw ProgramFailure(command: "ssh-keygen", output: made.errors) }
    }

    /// What `ssh` is told to log in with a certificate and nothing else.
    public func arguments(certificate: String, key: String? = nil, _ options: [String] = []) -> [String] {
        let fixed = [
            "BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR",
            "ConnectTimeout=10", "CertificateFile=\(certificate)",
        ]
        return ["-F", "/dev/null", "-i", key ?? login, "-p", "\(port)"] + (fixed + options).flatMap { ["-o", $0] }
            + ["\(account)@127.0.0.1"]
    }

    /// Runs a command over ssh.
    public func run(_ command: String, certificate: String, key: String? = nil, _ options: [String] = []) async throws
        -> ProgramResult
    {
        try await execute(
            "ssh", arguments(certificate: certificate, key: key, options) + [command], environment: ["SSH_AUTH_SOCK": ""])
    }

    /// Whether a login succeeds.
    public func admits(certificate: String, key: String? = nil) async throws -> Bool {
        try await run("exit 0", certificate: certificate, key: key).code == 0
    }
}
