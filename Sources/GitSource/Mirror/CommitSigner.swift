import Foundation
import Glibc

/// Signs commits with an SSH key, by OpenSSH itself.
struct CommitSigner {
    /// The private key's file.
    let key: String

    /// Signs the bytes of a commit; returns the armoured signature. Blocks for some milliseconds, on the mirror's queue.
    func sign(_ text: String) throws(GitError) -> String {
        let folder = "/tmp/curfew-keygen-\(getpid())-\(UInt64.random(in: .min ... .max))"
        guard mkdir(folder, 0o700) == 0 else { throw failure("\(folder): \(String(cString: strerror(errno)))") }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/commit"
        guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
            throw failure("\(file) cannot be written")
        }
        let status = try KeygenRun(
            arguments: ["-Y", "sign", "-n", "git", "-f", key, file], errors: folder + "/errors"
        ).status()
        guard status == 0, let signature = try? String(contentsOfFile: file + ".sig", encoding: .utf8) else {
            let errors = (try? String(contentsOfFile: folder + "/errors", encoding: .utf8)) ?? ""
            throw failure(String(errors.split(separator: "\n").first ?? "ssh-keygen failed"))
        }
        return signature.trimmingCharacters(in: .newlines)
    }

    private func failure(_ message: String) -> GitError {
        GitError(.failed, operation: "sign with", subject: key, message + "; see identity.signingKey")
    }
}
