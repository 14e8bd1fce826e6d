import Foundation
import Glibc

/// Signs commits with an SSH key, by OpenSSH itself.
struct CommitSigner {
    /// The private key's file.
    let key: String
    /// `POSIX_SPAWN_SETSID`, which glibc hides from Swift.
    private static let newSession: Int16 = 0x80

    /// Signs the bytes of a commit; returns the armoured signature. Blocks for some milliseconds, on the mirror's queue.
    func sign(_ text: String) throws(GitError) -> String {
        let folder = "/tmp/curfew-sign-\(getpid())-\(UInt64.random(in: .min ... .max))"
        guard mkdir(folder, 0o700) == 0 else { throw failure(String(cString: strerror(errno))) }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/commit"
        guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
            throw failure("\(file) cannot be written")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, folder + "/errors", O_WRONLY | O_CREAT, 0o600)
        let arguments: [String] = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", key, file]
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        // In a session of its own: without a terminal it cannot ask for a passphrase and wait for ever.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Self.newSession)
        var child: pid_t = 0
        let code = posix_spawnp(&child, "ssh-keygen", &actions, &attributes, &words, environ)
        guard code == 0 else {
            throw failure("ssh-keygen cannot be run (\(String(cString: strerror(code)))); it is in the package openssh-client")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
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
