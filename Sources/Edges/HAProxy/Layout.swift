import CurfewDrivers
import CurfewModel
import Glibc

/// The files of one edge.
struct Layout: Sendable {
    let folder: String
    /// Where the sockets lie: the folder itself, or a short one under `/run` when its path is too long for a socket.
    let socketFolder: String
    let bind: String
    let program: String

    var configuration: String { folder + "/haproxy.cfg" }
    var candidate: String { folder + "/haproxy.cfg.next" }
    var pidFile: String { folder + "/haproxy.pid" }
    var masterSocket: String { socketFolder + "/master.sock" }
    var adminSocket: String { socketFolder + "/admin.sock" }

    /// A socket's path holds 107 bytes, and HAProxy binds it as `<path>.<pid>.tmp` before it renames it.
    static let longestSocketPath = 92

    /// - Throws: ``DriverError`` when a path or the address cannot be written into HAProxy's configuration or arguments.
    init(_ configuration: HAProxyConfiguration) throws {
        let folder =
            configuration.folder.count > 1 && configuration.folder.hasSuffix("/")
            ? String(configuration.folder.dropLast()) : configuration.folder
        for (path, what) in [(folder, "folder"), (configuration.program, "program")] {
            guard path.hasPrefix("/"), path.utf8.count <= 1024,
                path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !Self.special.contains($0) })
            else {
                throw DriverError(
                    .failed, operation: "configure edge", subject: path.escapingControls,
                    "the \(what) has to be an absolute path without spaces, commas, quotes or control characters")
            }
        }
        guard Address.isLiteral(configuration.bind) else {
            throw DriverError(
                .failed, operation: "configure edge", subject: configuration.bind.escapingControls,
                "the bind address has to be a literal IPv4 or IPv6 address, such as 127.0.0.1")
        }
        self.folder = folder
        bind = configuration.bind
        program = configuration.program
        let fits = (folder + "/master.sock").utf8.count <= Self.longestSocketPath
        socketFolder = fits ? folder : "/run/curfew-" + Self.digest(folder)
    }

    private static let special = Set("'\",\\$#".utf8)

    /// FNV-1a, 64 bits: a short name for a long path. It need not resist anybody: the folder is checked to be ours.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 36)
    }

    /// Makes the folders, 0700.
    /// - Throws: ``DriverError`` when they cannot be made or belong to somebody else. Blocks.
    func makeFolders() throws {
        for path in Set([folder, socketFolder]) {
            if mkdir(path, 0o700) != 0, errno == ENOENT, path == folder { try makeParents(); _ = mkdir(path, 0o700) }
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw DriverError(
                    .storage, operation: "make edge folder", subject: path,
                    "cannot be made: \(String(cString: strerror(errno)))")
            }
            guard status.st_uid == geteuid() else {
                throw DriverError(.storage, operation: "make edge folder", subject: path, "belongs to another user")
            }
            if status.st_mode & 0o077 != 0 { chmod(path, 0o700) }
        }
    }

    private func makeParents() throws {
        var path = ""
        for component in folder.split(separator: "/").dropLast() {
            path += "/" + component
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
                throw DriverError(
                    .storage, operation: "make edge folder", subject: path,
                    "cannot be made: \(String(cString: strerror(errno)))")
            }
        }
    }
}
