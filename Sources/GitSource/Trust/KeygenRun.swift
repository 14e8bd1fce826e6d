import Glibc

/// One run of `ssh-keygen`, waited for.
struct KeygenRun {
    var program = "ssh-keygen"
    let arguments: [String]
    /// Its standard input, and what it finds as `/dev/fd/3`, `/dev/fd/4` and so on.
    var files: [NamelessFile] = []
    /// Where its complaints go.
    var errors = "/dev/null"
    /// `POSIX_SPAWN_SETSID`, which glibc hides from Swift.
    private static let newSession: Int16 = 0x80

    /// The exit status as `waitpid` tells it.
    func status() throws(GitError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if files.isEmpty { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
        for (index, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file.descriptor, index == 0 ? 0 : Int32(index) + 2)
        }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o600)
        // In a session of its own: without a terminal it cannot ask for a passphrase and wait for ever.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Self.newSession)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, &actions, &attributes, &words, environ)
        guard code == 0 else {
            throw GitError(
                .failed, operation: "run", subject: program,
                "it cannot be run (\(String(cString: strerror(code)))); it is in the package openssh-client")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

/// Bytes that another program reads as `/dev/fd/…`: a file without a name, of which nothing is left behind. Written over from
/// run to run.
final class NamelessFile {
    let descriptor: Int32

    init() throws(GitError) {
        let path = "/tmp/curfew-keygen-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.failure() }
        defer { close(file) }
        unlink(path)
        // Away from the numbers that it gets in the child.
        descriptor = fcntl(file, F_DUPFD_CLOEXEC, 10)
        guard descriptor >= 0 else { throw Self.failure() }
    }

    func write(_ bytes: [UInt8]) throws(GitError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0,
            bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count,
            lseek(descriptor, 0, SEEK_SET) == 0
        else { throw Self.failure() }
    }

    private static func failure() -> GitError {
        GitError(.storage, operation: "write", subject: "/tmp", String(cString: strerror(errno)))
    }

    deinit { close(descriptor) }
}
