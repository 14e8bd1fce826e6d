public import CurfewModel
import CurfewSystem
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

    /// Whether this account may read what is in it.
    public var isReadable: Bool { Glibc.access(path, R_OK | X_OK) == 0 }

    /// Makes the folders, for this account alone. Only beside the socket of `curfew exec` the top is open for passing through:
    /// nothing in it can be listed, read or locked then either.
    public func create() throws {
        var info = stat()
        let hasDoor = lstat(execSocket, &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK
        try Self.makeFolder(path, mode: hasDoor ? 0o711 : 0o700)
        for folder in [path + "/runtimes", control, pins, reverts, edge, path + "/access"] {
            try Self.makeFolder(folder, mode: 0o700)
        }
        tighten()
    }

    /// What an older version, another umask or a restore has left open is closed.
    private func tighten() {
        for name in PlainFile.names(in: path) ?? [] {
            let file = path + "/" + name
            var info = stat()
            guard lstat(file, &info) == 0, info.st_uid == geteuid(), info.st_mode & 0o077 != 0 else { continue }
            switch info.st_mode & S_IFMT {
            case S_IFREG: chmod(file, 0o600)
            case S_IFDIR: chmod(file, 0o700)
            default: break
            }
        }
    }

    static func makeFolder(_ path: String, mode: mode_t) throws {
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

/// Writes a file of the state folder: old or new and never a part, for this account alone.
func writeState(_ data: Data, to path: String, durable: Bool = true) throws {
    do { try AtomicFile.write(Array(data), to: path, mode: 0o600, isDurable: durable) } catch {
        throw DaemonError(.storage, operation: "write", subject: path, error.message)
    }
}

/// The system's words for an error number.
func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
