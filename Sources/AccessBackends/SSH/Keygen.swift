import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

/// What `ssh-keygen` does for the backend. Each call blocks for some milliseconds, on the backend's own queue.
struct Keygen: Sendable {
    let ca: String
    let krl: String
    let folder: String

    var authority: String { folder + "/ca.pub" }

    /// Reads the authority's public key out of its private one.
    func prepare() throws {
        let (code, output, errors) = try run(["-y", "-P", "", "-f", ca])
        guard code == 0, let key = SSHPublicKey(output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw failure(
                "use the certificate authority", ca, "it is no private SSH key without a passphrase: \(errors.prefix(200))")
        }
        try SafeFile.write(Data((key.line + "\n").utf8), to: authority, mode: 0o644)
    }

    /// Signs one key; the certificate's text.
    func sign(_ key: SSHPublicKey, _ order: CertificateOrder) throws -> String {
        let scratch = folder + "/sign-\(order.serial)-\(UInt32.random(in: .min ... .max))"
        guard mkdir(scratch, 0o700) == 0 else { throw failure("issue", order.identity, String(cString: strerror(errno))) }
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let file = scratch + "/key.pub"
        try SafeFile.write(Data((key.line + "\n").utf8), to: file, mode: 0o600)
        // Both ends, always: a certificate without them is valid for ever. The end is rounded down, and so is the start.
        var arguments = [
            "-q", "-s", ca, "-P", "", "-I", order.identity, "-n", order.written.joined(separator: ","), "-z", "\(order.serial)",
            "-V",
            "\(Self.compact(order.start)):\(Self.compact(order.end))",
        ]
        for option in order.options { arguments += ["-O", option] }
        let (code, _, errors) = try run(arguments + [file])
        guard code == 0, let text = try? String(contentsOfFile: scratch + "/key-cert.pub", encoding: .utf8) else {
            throw failure("issue", order.identity, "ssh-keygen failed: \(errors.prefix(200).description.escapingControls)")
        }
        return text
    }

    /// The serials that the list in place revokes; `nil` when there is none that can be read.
    func revokedSerials() throws -> Set<UInt64>? {
        guard access(krl, R_OK) == 0 else { return nil }
        let (code, output, _) = try run(["-Q", "-l", "-f", krl])
        guard code == 0 else { return nil }
        var serials: Set<UInt64> = []
        for line in output.split(separator: "\n") where line.hasPrefix("serial: ") {
            let range = line.dropFirst("serial: ".count).split(separator: "-").compactMap { UInt64($0) }
            if range.count == 1 { serials.insert(range[0]) }
            if range.count == 2, range[1] >= range[0], range[1] - range[0] < 100_000 { serials.formUnion(range[0]...range[1]) }
        }
        return serials
    }

    /// Replaces the list by one with just these serials: by rename, since sshd refuses everybody when it cannot be read.
    func writeList(revoked serials: Set<UInt64>) throws {
        let specification = folder + "/revoked"
        let text = serials.sorted().map { "serial: \($0)\n" }.joined()
        try SafeFile.write(Data(text.utf8), to: specification, mode: 0o600)
        let next = krl + ".next"
        unlink(next)
        let version = "\(UInt64(Date().timeIntervalSince1970 * 1000))"
        let (code, _, errors) = try run(["-q", "-k", "-f", next, "-s", authority, "-z", version, specification])
        guard code == 0, chmod(next, 0o644) == 0 else {
            throw failure(
                "write the revocation list", krl, "ssh-keygen failed: \(errors.prefix(200).description.escapingControls)")
        }
        let file = open(next, O_RDONLY | O_CLOEXEC)
        if file >= 0 {
            fsync(file)
            close(file)
        }
        guard rename(next, krl) == 0 else { throw failure("write the revocation list", krl, String(cString: strerror(errno))) }
    }

    /// `20261123081542Z`, whole seconds, rounded down.
    static func compact(_ moment: Instant) -> String { moment.timestamp.filter { $0.isNumber || $0 == "Z" } }

    func failure(_ operation: String, _ subject: String, _ message: String) -> DriverError {
        DriverError(.failed, operation: operation, subject: subject, message)
    }

    /// Runs `ssh-keygen` without a terminal and without a shell.
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
        posix_spawnattr_setflags(&attributes, 0x80)
        var words: [UnsafeMutablePointer<CChar>?] = (["ssh-keygen"] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, "ssh-keygen", &actions, &attributes, &words, environ)
        guard code == 0 else {
            throw DriverError(
                .missingProgram, operation: "run", subject: "ssh-keygen",
                "\(String(cString: strerror(code))); it is in the package openssh-client")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        func text(_ path: String) -> String {
            String(decoding: (FileManager.default.contents(atPath: path) ?? Data()).prefix(4 << 20), as: UTF8.self)
        }
        return (status & 0x7F == 0 ? (status >> 8) & 0xFF : 128, text(outputFile), text(errorFile))
    }
}
