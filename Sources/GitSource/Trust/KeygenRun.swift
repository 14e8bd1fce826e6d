import Foundation
import Glibc

/// One run of `ssh-keygen`, waited for.
struct KeygenRun {
    let arguments: [String]
    let input: String
    let errors: String
    /// `POSIX_SPAWN_SETSID`, which glibc hides from Swift.
    private static let newSession: Int16 = 0x80

    /// The exit status as `waitpid` tells it.
    func status() throws(GitError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o600)
        // In a session of its own: without a terminal it cannot ask for a passphrase and wait for ever.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Self.newSession)
        var words: [UnsafeMutablePointer<CChar>?] = (["ssh-keygen"] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, "ssh-keygen", &actions, &attributes, &words, environ)
        guard code == 0 else {
            throw GitError(
                .failed, operation: "run", subject: "ssh-keygen",
                "it cannot be run (\(String(cString: strerror(code)))); it is in the package openssh-client")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

/// A folder of one's own for what `ssh-keygen` reads and writes: made at the first use, removed with the last reference. Its
/// files are written over from run to run.
final class KeygenFolder {
    private let path = "/tmp/curfew-keygen-\(getpid())-\(UInt64.random(in: .min ... .max))"
    private var isMade = false

    /// Where a file of this name lies.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file; returns where it lies.
    func write(_ bytes: [UInt8], to name: String) throws(GitError) -> String {
        if !isMade {
            guard mkdir(path, 0o700) == 0 else { throw failure() }
            isMade = true
        }
        let file = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        guard bytes.withUnsafeBytes({ Glibc.write(file, $0.baseAddress, $0.count) }) == bytes.count else { throw failure() }
        return self.file(name)
    }

    private func failure() -> GitError {
        GitError(.storage, operation: "use folder", subject: path, String(cString: strerror(errno)))
    }

    deinit { if isMade { try? FileManager.default.removeItem(atPath: path) } }
}
