import Crypto
import CurfewModel
import Foundation
import Glibc
import Subprocess

/// Asks OpenSSH whether a key has signed a text.
struct KeyProof: Sendable {
    /// A folder of this account alone.
    let folder: String
    /// OpenSSH's own program.
    var program = "ssh-keygen"
    /// Longest time of one check.
    var limit = Span.seconds(5)

    /// Whether `signature` is one by `key` of `text`, made for `namespace`.
    /// - Throws: ``DaemonError`` when OpenSSH cannot be asked: then nothing is known.
    func holds(_ signature: String, by key: SSHPublicKey, of text: String, for namespace: String) async throws -> Bool {
        let base = "\(folder)/\(UUID().uuidString.lowercased())"
        defer { for suffix in [".sig", ".allowed"] { unlink(base + suffix) } }
        try write(signature, to: base + ".sig")
        try write("signer namespaces=\"\(namespace)\" \(key.line)\n", to: base + ".allowed")
        let (program, limit) = (program, limit)
        let arguments = ["-Y", "verify", "-f", base + ".allowed", "-I", "signer", "-n", namespace, "-s", base + ".sig"]
        return try await withThrowingTaskGroup(of: Bool?.self) { group in
            group.addTask {
                let result = try await run(
                    program.contains("/") ? .path(.init(program)) : .name(program), arguments: Arguments(arguments),
                    input: .string(text), output: .discarded, error: .discarded)
                return result.terminationStatus.isSuccess
            }
            group.addTask {
                try await Task.sleep(for: limit.duration)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let answer = first else {
                throw DaemonError(
                    .refused, operation: "verify a signature", subject: program, "it did not answer within \(limit)")
            }
            return answer
        }
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows a key.
    static func fingerprint(_ key: SSHPublicKey) -> String {
        let digest = Data(SHA256.hash(data: Data(base64Encoded: key.body) ?? Data()))
        return "SHA256:" + digest.base64EncodedString().trimmingCharacters(in: ["="])
    }

    private func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw DaemonError(.storage, operation: "write", subject: path, reason(errno)) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard bytes.withUnsafeBytes({ Glibc.write(file, $0.baseAddress, $0.count) }) == bytes.count else {
            throw DaemonError(.storage, operation: "write", subject: path, reason(errno))
        }
    }
}
