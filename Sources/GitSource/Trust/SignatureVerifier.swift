import CurfewModel
import Dispatch
import Foundation
import Synchronization

/// Asks OpenSSH whether a signature is good for some bytes. Whose key it is, and when it counted, is for others to judge.
struct SignatureVerifier {
    /// OpenSSH's own program.
    var program = "ssh-keygen"

    /// What the signature of an object is worth. Blocks for some milliseconds.
    /// - Throws: ``GitError`` when OpenSSH cannot be asked: then nothing is known.
    func check(_ object: SignedObject) throws(GitError) -> SignatureCheck { try check(object, with: Desk()) }

    private func check(_ object: SignedObject, with desk: Desk) throws(GitError) -> SignatureCheck {
        if let problem = object.problem { return .bad(problem) }
        guard let text = object.signature else { return .none }
        guard text.hasPrefix(SSHSignature.begin) else { return .bad(Self.foreign(text)) }
        guard let signature = SSHSignature(text) else { return .bad("the SSH signature cannot be read") }
        guard signature.namespace == "git" else {
            return .bad("it was signed for '\(signature.namespace.prefix(40).description.escapingControls)' and not for git")
        }
        return try verify(object.payload, text, signature.key, with: desk)
            ? .good(signature.key) : .bad("the signature is not of these bytes")
    }

    /// What each of `count` objects is worth, in their order: as many at once as there are processors. `nil` = `object` gave
    /// none. Blocks.
    /// - Throws: ``GitError`` when OpenSSH cannot be asked about one of them: then nothing is said of any.
    func check(_ count: Int, _ object: @Sendable (Int) -> SignedObject?) throws(GitError) -> [SignatureCheck?] {
        let state = Mutex(Progress(checks: Array(repeating: nil, count: count)))
        let workers = min(ProcessInfo.processInfo.activeProcessorCount, count)
        DispatchQueue.concurrentPerform(iterations: max(1, workers)) { _ in
            do throws(GitError) {
                let desk = try Desk()
                while let index = state.withLock({ $0.take() }) {
                    guard let object = object(index) else { continue }
                    let check = try check(object, with: desk)
                    state.withLock { $0.checks[index] = check }
                }
            } catch {
                state.withLock { $0.failure = error }
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

    /// What OpenSSH reads in one run after the other.
    private struct Desk {
        let payload: NamelessFile
        let allowed: NamelessFile
        let signature: NamelessFile
        init() throws(GitError) { (payload, allowed, signature) = (try NamelessFile(), try NamelessFile(), try NamelessFile()) }
    }

    private func verify(_ payload: [UInt8], _ signature: String, _ key: SSHPublicKey, with desk: Desk)
        throws(GitError) -> Bool
    {
        try desk.payload.write(payload)
        try desk.allowed.write(Array("signer namespaces=\"git\" \(key.line)\n".utf8))
        try desk.signature.write(Array(signature.utf8))
        let arguments = ["-Y", "verify", "-f", "/dev/fd/3", "-I", "signer", "-n", "git", "-s", "/dev/fd/4"]
        let status = try KeygenRun(program: program, arguments: arguments, files: [desk.payload, desk.allowed, desk.signature])
            .status()
        // It says 255 to a bad signature. Anything else, a signal too, says nothing about the signature.
        guard status == 0 || status == 255 << 8 else {
            throw GitError(
                .failed, operation: "verify a signature", subject: "ssh-keygen",
                "it ended with status \(status); nothing is known")
        }
        return status == 0
    }
}
