import CurfewSystem
import Foundation

/// Signs commits with an SSH key, by OpenSSH itself.
struct CommitSigner {
    /// The private key's file, or a public key whose other half an agent holds.
    let key: String
    /// OpenSSH's own program.
    var program = "ssh-keygen"

    /// Signs the bytes of a commit; returns the armoured signature. Blocks for some milliseconds, on the mirror's queue.
    func sign(_ text: String) throws(GitError) -> String {
        var environment = Program.plainEnvironment
        for name in ["SSH_AUTH_SOCK", "HOME"] { environment[name] = ProcessInfo.processInfo.environment[name] }
        let result: Program.Result
        do throws(SystemError) {
            result = try Program(
                program, ["-Y", "sign", "-n", "git", "-f", key], environment: environment, input: Array(text.utf8),
                outputLimit: 64 << 10, hint: OpenSSH.package
            ).runBlocking(within: OpenSSH.limit)
        } catch {
            throw failure(error.message)
        }
        guard result.isSuccess, result.text.utf8.starts(with: SSHSignature.begin.utf8) else {
            throw failure(String(result.complaint.split(separator: "\n").first ?? "ssh-keygen failed").escapingControls)
        }
        return result.text.trimmingCharacters(in: .newlines)
    }

    private func failure(_ message: String) -> GitError {
        GitError(.failed, operation: "sign with", subject: key, message + "; see identity.signingKey")
    }
}

/// What holds for every run of OpenSSH's programs.
enum OpenSSH {
    /// The longest time that one may take; an agent that never answers stops nobody for ever.
    static let limit = Duration.seconds(10)
    static let package = "it is in the package openssh-client"
}
