import CurfewModel
import CurfewSystem
import Dispatch
import Foundation
import Synchronization

/// Asks OpenSSH whether a signature is good for some bytes. Whose key it is, and when it counted, is for others to judge.
struct SignatureVerifier {
    /// OpenSSH's own program.
    var program = "ssh-keygen"
    /// The longest time that it may take.
    var limit = OpenSSH.limit

    /// What the signature of an object is worth. Blocks for some milliseconds, and at most for ten seconds.
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
    }

    /// What each of `count` objects is worth, in their order: as many at once as there are processors. `nil` = `object` gave
    /// none. Blocks.
    /// - Throws: ``GitError`` when OpenSSH cannot be asked about one of them: then nothing is said of any.
    func check(_ count: Int, _ object: @Sendable (Int) -> SignedObject?) throws(GitError) -> [SignatureCheck?] {
        let state = Mutex(Progress(checks: Array(repeating: nil, count: count)))
        let workers = min(ProcessInfo.processInfo.activeProcessorCount, count)
        DispatchQueue.concurrentPerform(iterations: max(1, workers)) { _ in
            do throws(GitError) {
                while let index = state.withLock({ $0.take() }) {
                    guard let object = object(index) else { continue }
                    let check = try check(object)
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

    private func verify(_ payload: [UInt8], _ signature: String, _ key: SSHPublicKey) throws(GitError) -> SignatureCheck {
        let result: Program.Result
        do throws(SystemError) {
            result = try Program(
                program, ["-Y", "verify", "-f", "/dev/fd/3", "-I", "signer", "-n", "git", "-s", "/dev/fd/4"], input: payload,
                files: [Array("signer namespaces=\"git\" \(key.line)\n".utf8), Array(signature.utf8)], outputLimit: 64 << 10,
                hint: OpenSSH.package
            ).runBlocking(within: limit)
        } catch {
            throw GitError(.failed, operation: "verify a signature", subject: program, "\(error.message); nothing is known")
        }
        switch result.status {
        case .exited(0): return .good(key)
        // It says so of a bad signature, and of a lack of memory.
        case .exited(255) where !Self.lacksMemory(result.complaint): return .bad("the signature is not of these bytes")
        // What makes it fall over is the signature; what ends it from outside says nothing of that.
        case .signalled(let signal) where ![SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM, SIGXCPU].contains(signal):
            return .bad("OpenSSH cannot read the signature: it ended with signal \(signal)")
        case .exited(let code):
            throw unknown("it ended with code \(code): \(result.complaint.escapingControls)")
        case .signalled(let signal): throw unknown("it was ended with signal \(signal)")
        }
    }

    private static func lacksMemory(_ complaint: String) -> Bool {
        ["memory", "allocat", "xmalloc", "xcalloc"].contains { complaint.contains($0) }
    }

    private func unknown(_ why: String) -> GitError {
        GitError(.failed, operation: "verify a signature", subject: program, "\(why); nothing is known, and it is tried again")
    }
}
