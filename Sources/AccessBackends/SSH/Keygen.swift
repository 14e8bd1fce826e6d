import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

/// What `ssh-keygen` does for the backend. Each call blocks for some milliseconds, on the backend's own queue.
struct Keygen: Sendable {
    let ca: String
    let agent: String?
    let folder: String

    var authority: String { folder + "/ca.pub" }

    /// Puts the authority's public key in place, read out of `ca`: a private key, or a public one whose other half is in an
    /// agent. Its fingerprint, as `ssh-keygen` writes it.
    func prepare() throws -> String {
        let key = try authorityKey()
        try SafeFile.write(Data((key.line + "\n").utf8), to: authority, mode: 0o644)
        let (code, output, errors) = try run(["-l", "-E", "sha256", "-f", authority])
        guard code == 0, let print = output.split(separator: " ").first(where: { $0.hasPrefix("SHA256:") }) else {
            throw failure("use the certificate authority", ca, "its fingerprint cannot be read: \(said(errors))")
        }
        return String(print)
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

    /// Signs one key; the certificate's text.
    func sign(_ key: SSHPublicKey, _ order: CertificateOrder) throws -> String {
        let scratch = folder + "/sign-\(order.serial)-\(UInt32.random(in: .min ... .max))"
        guard mkdir(scratch, 0o700) == 0 else { throw failure("issue", order.identity, String(cString: strerror(errno))) }
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let file = scratch + "/key.pub"
        try SafeFile.write(Data((key.line + "\n").utf8), to: file, mode: 0o600)
        let signer = agent == nil ? ["-s", ca] : ["-U", "-s", authority]
        let (code, _, errors) = try run(["-q"] + signer + ["-P", ""] + order.arguments + [file])
        guard code == 0, let text = try? String(contentsOfFile: scratch + "/key-cert.pub", encoding: .utf8) else {
            throw failure("issue", order.identity, "ssh-keygen failed: \(said(errors))")
        }
        return text
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
}

extension Keygen {
    /// Runs `ssh-keygen` without a terminal and without a shell, in an environment that holds nothing of the service's own.
    func run(_ arguments: [String]) throws -> (code: Int32, output: String, errors: String) {
        let base = folder + "/run-\(UInt64.random(in: .min ... .max))"
        let (outputFile, errorFile) = (base + ".out", base + ".err")
        defer {
            unlink(outputFile)
            unlink(errorFile)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID: without a terminal it cannot ask for a passphrase.
        posix_spawnattr_setflags(&attributes, 0x80)
        var words: [UnsafeMutablePointer<CChar>?] = (["ssh-keygen"] + arguments).map { strdup($0) }
        words.append(nil)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        var variables = ["PATH=\(path)", "LC_ALL=C"]
        if let agent { variables.append("SSH_AUTH_SOCK=\(agent)") }
        var pairs: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) }
        pairs.append(nil)
        defer { (words + pairs).forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, "ssh-keygen", &actions, &attributes, &words, &pairs)
        guard code == 0 else {
            throw DriverError(
                .missingProgram, operation: "run", subject: "ssh-keygen",
                "\(String(cString: strerror(code))); it is in the package openssh-client")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        func text(_ path: String) -> String {
            String(decoding: (FileManager.default.contents(atPath: path) ?? Data()).prefix(16 << 20), as: UTF8.self)
        }
        return (status & 0x7F == 0 ? (status >> 8) & 0xFF : 128, text(outputFile), text(errorFile))
    }
}
