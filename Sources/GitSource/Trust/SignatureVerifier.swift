import CurfewModel
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Asks OpenSSH whether a signature is good for some bytes. Whose key it is, and when it counted, is for others to judge.
struct SignatureVerifier {
    /// What the signature of an object is worth. Blocks for some milliseconds.
    /// - Throws: ``GitError`` when OpenSSH cannot be asked: then nothing is known.
    func check(_ object: SignedObject) throws(GitError) -> SignatureCheck {
        if let problem = object.problem { return .bad(problem) }
        guard let text = object.signature else { return .none }
        guard text.hasPrefix(SSHSignature.begin) else { return .bad(Self.foreign(text)) }
        guard let signature = SSHSignature(text) else { return .bad("the SSH signature cannot be read") }
        guard signature.namespace == "git" else {
            return .bad("it was signed for '\(signature.namespace.prefix(40).description.escapingControls)' and not for git")
        }
        return try verify(object.payload, text, signature.key)
            ? .good(signature.key) : .bad("the signature is not of these bytes")
    }

    /// What each of `count` objects is worth, in their order: as many at once as there are processors. `nil` = `object` gave
    /// none. Blocks.
    /// - Throws: ``GitError`` when OpenSSH cannot be asked about one of them: then nothing is said of any.
    func check(_ count: Int, _ object: @Sendable (Int) -> SignedObject?) throws(GitError) -> [SignatureCheck?] {
        let state = Mutex(Progress(checks: Array(repeating: nil, count: count)))
        let workers = min(ProcessInfo.processInfo.activeProcessorCount, count)
        DispatchQueue.concurrentPerform(iterations: max(1, workers)) { _ in
            while let index = state.withLock({ $0.take() }) {
                do throws(GitError) {
                    guard let object = object(index) else { continue }
                    let check = try check(object)
                    state.withLock { $0.checks[index] = check }
                } catch {
                    state.withLock { $0.failure = error }
                }
            }
        }
        return try state.withLock { progress throws(GitError) in
            if let failure = progress.failure { throw failure }
            return progress.checks
        }
    }

    /// Which object is next, and what is known of those before.
    private struct Progress {
        var checks: [SignatureCheck?]
        var next = 0
        var failure: GitError?

        mutating func take() -> Int? {
            guard failure == nil, next < checks.count else { return nil }
            defer { next += 1 }
            return next
        }
    }

    /// What is said of a signature of another kind.
    private static func foreign(_ text: String) -> String {
        let kind =
            text.hasPrefix("-----BEGIN PGP ")
            ? "an OpenPGP signature"
            : text.hasPrefix("-----BEGIN SIGNED MESSAGE") ? "an X.509 signature" : "an unknown signature"
        return "it is \(kind) and no SSH signature; sign with `git config gpg.format ssh`"
    }

    private func verify(_ payload: [UInt8], _ signature: String, _ key: SSHPublicKey) throws(GitError) -> Bool {
        let folder = try KeygenRun.scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let allowed = "signer namespaces=\"git\" \(key.line)\n"
        guard KeygenRun.write(Array(allowed.utf8), to: folder + "/allowed"),
            KeygenRun.write(Array(signature.utf8), to: folder + "/signature"), KeygenRun.write(payload, to: folder + "/payload")
        else {
            throw GitError(.storage, operation: "verify a signature in", subject: folder, String(cString: strerror(errno)))
        }
        let arguments = ["-Y", "verify", "-f", folder + "/allowed", "-I", "signer", "-n", "git", "-s", folder + "/signature"]
        let status = try KeygenRun(arguments: arguments, input: folder + "/payload", errors: "/dev/null").status()
        // It says 255 to a bad signature. Anything else, a signal too, says nothing about the signature.
        guard status == 0 || status == 255 << 8 else {
            throw GitError(
                .failed, operation: "verify a signature", subject: "ssh-keygen",
                "it ended with status \(status); nothing is known")
        }
        return status == 0
    }
}
