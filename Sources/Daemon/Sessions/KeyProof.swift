import Crypto
import CurfewModel
import CurfewSystem
import Foundation

/// Asks OpenSSH whether a key has signed a text.
struct KeyProof: Sendable {
    /// OpenSSH's own program.
    var program = "ssh-keygen"
    /// Longest time of one check.
    var limit = Span.seconds(5)

    /// Whether `signature` is one by `key` of `text`, made for `namespace`.
    /// - Throws: ``DaemonError`` when OpenSSH cannot be asked: then nothing is known.
    func holds(_ signature: String, by key: SSHPublicKey, of text: String, for namespace: String) async throws -> Bool {
        do {
            let result = try await verification(of: signature, by: key, of: text, for: namespace).run(within: limit.duration)
            guard case .exited = result.status else {
                throw DaemonError(.refused, operation: "verify a signature", subject: program, "it was killed")
            }
            return result.isSuccess
        } catch let error as SystemError {
            throw DaemonError(.refused, operation: "verify a signature", subject: program, error.message)
        }
    }

    /// All that it reads lies in memory when it starts: it may end at any byte of it, and nobody waits for it to read on.
    func verification(of signature: String, by key: SSHPublicKey, of text: String, for namespace: String) -> Program {
        Program(
            program, ["-Y", "verify", "-f", "/dev/fd/3", "-I", "signer", "-n", namespace, "-s", "/dev/fd/4"],
            input: Array(text.utf8),
            files: [Array("signer namespaces=\"\(namespace)\" \(key.line)\n".utf8), Array(signature.utf8)],
            outputLimit: 64 << 10,
            hint: "it is in the package openssh-client")
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows a key.
    static func fingerprint(_ key: SSHPublicKey) -> String {
        let digest = Data(SHA256.hash(data: Data(base64Encoded: key.body) ?? Data()))
        return "SHA256:" + digest.base64EncodedString().trimmingCharacters(in: ["="])
    }
}
