import Foundation

/// Signs commits with an SSH key, by OpenSSH itself.
struct CommitSigner {
    /// The private key's file.
    let key: String

    /// Signs the bytes of a commit; returns the armoured signature. Blocks for some milliseconds, on the mirror's queue.
    func sign(_ text: String) throws(GitError) -> String {
        let folder = KeygenFolder()
        defer { withExtendedLifetime(folder) {} }
        let file = try folder.write(Array(text.utf8), to: "commit")
        let status = try KeygenRun(
            arguments: ["-Y", "sign", "-n", "git", "-f", key, file], input: "/dev/null", errors: folder.file("errors")
        ).status()
        guard status == 0, let signature = try? String(contentsOfFile: file + ".sig", encoding: .utf8) else {
            let errors = (try? String(contentsOfFile: folder.file("errors"), encoding: .utf8)) ?? ""
            throw failure(String(errors.split(separator: "\n").first ?? "ssh-keygen failed"))
        }
        return signature.trimmingCharacters(in: .newlines)
    }

    private func failure(_ message: String) -> GitError {
        GitError(.failed, operation: "sign with", subject: key, message + "; see identity.signingKey")
    }
}
