import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// What `ssh-keygen` does for the backend. Everything but signing is local, and blocks the backend's own queue for some
/// milliseconds; signing may wait for an agent, a token or a person.
struct Keygen: Sendable {
    let ca: String
    let agent: String?
    let folder: String
    /// How long one signature may take.
    var signTimeout = Duration.seconds(10)
    /// How long everything else may take.
    private static let deadline = Duration.seconds(10)

    var authority: String { folder + "/ca.pub" }

    /// Puts the authority's public key in place, read out of `ca`: a private key, or a public one whose other half is in an
    /// agent. Where `ca` cannot be read, the key that was in place before serves to revoke, and `problem` says so.
    func prepare() throws -> (fingerprint: String, problem: String?) {
        var problem: String?
        do {
            let key = try authorityKey()
            let bytes = Array((key.line + "\n").utf8)
            if (try? PlainFile.read(authority, limit: 16_384)) != bytes {
                try AtomicFile.write(bytes, to: authority, mode: 0o644)
            }
        } catch {
            guard (try? PlainFile.read(authority, limit: 16_384)) ?? nil != nil else { throw error }
            problem = "nothing can be given, though access still ends: \(error)"
        }
        let (code, output, errors) = try run(["-l", "-E", "sha256", "-f", authority])
        guard code == 0, let print = output.split(separator: " ").first(where: { $0.hasPrefix("SHA256:") }) else {
            throw failure("use the certificate authority", ca, "its fingerprint cannot be read: \(said(errors))")
        }
        return (String(print), problem)
    }

    private func authorityKey() throws -> SSHPublicKey {
        if let data = FileManager.default.contents(atPath: ca), data.count <= 16_384,
            let key = SSHPublicKey(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        {
            guard agent != nil else {
                throw failure(
                    "use the certificate authority", ca,
                    "it is a public key; give the private one, or the socket of the agent that has it")
            }
            return key
        }
        let (code, output, errors) = try run(["-y", "-P", "", "-f", ca])
        guard code == 0, let key = SSHPublicKey(output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw failure(
                "use the certificate authority", ca, "it is no private SSH key without a passphrase: \(said(errors))")
        }
        return key
    }

    /// Signs one key; the certificate's text. Suspends: what else the backend does goes on meanwhile.
    func sign(_ key: SSHPublicKey, _ order: CertificateOrder) async throws -> String {
        let scratch = folder + "/\(Self.scratchPrefix)\(order.serial)-\(UInt32.random(in: .min ... .max))"
        guard mkdir(scratch, 0o700) == 0 else { throw failure("issue", order.identity, String(cString: strerror(errno))) }
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let file = scratch + "/key.pub"
        try AtomicFile.write(Array((key.line + "\n").utf8), to: file, isDurable: false)
        let signer = agent == nil ? ["-s", ca] : ["-U", "-s", authority]
        let result = try await signed(program(["-q"] + signer + ["-P", ""] + order.arguments + [file]), order.identity)
        guard result.isSuccess, let bytes = try PlainFile.read(scratch + "/key-cert.pub", limit: 64 << 10) else {
            throw failure("issue", order.identity, "ssh-keygen failed: \(said(result.complaint))")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func signed(_ program: Program, _ identity: String) async throws -> Program.Result {
        do { return try await program.runCancellable(within: signTimeout) } catch {
            guard error.code == .timedOut else { throw error }
            let who = agent.map { "the agent at \($0)" } ?? ca
            throw failure("issue", identity, "\(who) did not sign within \(signTimeout); check it, or raise signTimeout")
        }
    }

    private static let scratchPrefix = "sign-"

    /// Removes what a kill has left of signing.
    func clearScratch() {
        for name in PlainFile.names(in: folder) ?? [] where name.hasPrefix(Self.scratchPrefix) {
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    /// `20261123081542Z`, whole seconds, rounded down.
    static func compact(_ moment: Instant) -> String { moment.timestamp.filter { $0.isNumber || $0 == "Z" } }

    func failure(_ operation: String, _ subject: String, _ message: String) -> DriverError {
        DriverError(.failed, operation: operation, subject: subject, message)
    }

    /// What a program wrote, short and without control characters.
    func said(_ text: String) -> String {
        text.prefix(200).trimmingCharacters(in: .whitespacesAndNewlines).escapingControls
    }

    /// Runs `ssh-keygen` for something local.
    func run(_ arguments: [String], files: [[UInt8]] = []) throws -> (code: Int32, output: String, errors: String) {
        var program = program(arguments)
        program.files = files
        let result = try program.runBlocking(within: Self.deadline)
        return (result.status.code, result.text, result.complaint)
    }

    private func program(_ arguments: [String]) -> Program {
        var environment = Program.plainEnvironment
        if let agent { environment["SSH_AUTH_SOCK"] = agent }
        return Program(
            "ssh-keygen", arguments, environment: environment, outputLimit: 16 << 20,
            hint: "it is in the package openssh-client")
    }
}

extension Program.Result.Status {
    /// The exit code; 128 for a signal.
    fileprivate var code: Int32 { if case .exited(let code) = self { code } else { 128 } }
}
