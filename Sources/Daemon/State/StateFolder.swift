public import CurfewModel
import Foundation
import Glibc

/// The folder that holds everything Curfew keeps on disk, and the lock that makes one daemon its owner.
public struct StateFolder: Sendable {
    /// Absolute path.
    public let path: String

    /// Names the folder; nothing is made yet.
    public init(path: String) { self.path = path }

    /// The bare mirror of the repository.
    public var mirror: String { path + "/mirror.git" }
    /// The audit trail and what is remembered.
    public var journal: String { path + "/journal.sqlite" }
    /// What `curfew status` shows.
    public var status: String { path + "/status.json" }
    /// Held by the one daemon that owns the folder; holds its process id.
    public var lock: String { path + "/lock" }
    /// Wishes of operators: pause, local rollbacks, reverts to push.
    public var control: String { path + "/control" }
    /// Made by `curfew pause`.
    public var paused: String { control + "/paused" }
    /// One file for each workload that is rolled back locally.
    public var pins: String { control + "/pins" }
    /// One file for each commit that is to be reverted.
    public var reverts: String { control + "/reverts" }
    /// The socket of the HTTP API, unless the configuration says otherwise.
    public var api: String { path + "/api.sock" }
    /// The edge's files.
    public var edge: String { path + "/edge" }
    /// A runtime's files.
    public func runtime(_ name: Name) -> String { "\(path)/runtimes/\(name)" }

    /// An access backend's files.
    func access(_ name: Name) -> String { "\(path)/access/\(name)" }

    /// Makes the folders. The top is open for passing through (instances run as another user), secrets are 0600 files.
    public func create() throws {
        for folder in [path, path + "/runtimes"] { try Self.makeFolder(folder, mode: 0o711) }
        for folder in [control, pins, reverts, edge, path + "/access"] { try Self.makeFolder(folder, mode: 0o700) }
    }

    private static func makeFolder(_ path: String, mode: mode_t) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw DaemonError(
                .storage, operation: "make folder", subject: path,
                "it cannot be made: \(reason(errno)); choose another `state:` or mend its permissions")
        }
        guard chmod(path, mode) == 0 else {
            throw DaemonError(
                .storage, operation: "make folder", subject: path, "its permissions cannot be set: \(reason(errno))")
        }
    }
}

/// Writes a file so that a reader sees the old or the new content and never a part: temporary file, fsync, rename.
func writeAtomically(_ data: Data, to path: String, mode: mode_t = 0o600, durable: Bool = true) throws {
    let temporary = "\(path).tmp-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw DaemonError(.storage, operation: "write", subject: path, reason(errno)) }
    var failure: Int32 = 0
    data.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count, failure == 0 {
            let written = write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if written >= 0 { done += written } else if errno != EINTR { failure = errno }
        }
    }
    if failure == 0, durable, fsync(descriptor) != 0 { failure = errno }
    close(descriptor)
    if failure == 0, rename(temporary, path) != 0 { failure = errno }
    if failure != 0 {
        unlink(temporary)
        throw DaemonError(.storage, operation: "write", subject: path, reason(failure))
    }
}

/// The system's words for an error number.
func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
