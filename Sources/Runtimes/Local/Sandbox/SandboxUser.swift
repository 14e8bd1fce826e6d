import CurfewDrivers
import Glibc

/// Who an instance runs as.
struct SandboxUser: Sendable, Hashable {
    var uid: uid_t
    var gid: gid_t
    /// The daemon is root and gives the rights up inside the sandbox; else bubblewrap makes a user namespace.
    var isSwitched: Bool

    /// The user of that name (`nobody` when root and none is named).
    static func resolve(_ name: String?) throws -> SandboxUser {
        let isRoot = geteuid() == 0
        if name == nil && !isRoot { return SandboxUser(uid: geteuid(), gid: getegid(), isSwitched: false) }
        let name = name ?? "nobody"
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw DriverError(
                .failed, operation: "set up the local runtime", subject: "user \(name)",
                "there is no such user; name another in the runtime's `user`, or make it with adduser --system")
        }
        guard entry.pw_uid != 0 else {
            throw DriverError(
                .unsupported, operation: "set up the local runtime", subject: "user \(name)",
                "instances never run as root; name an unprivileged user")
        }
        if !isRoot && entry.pw_uid != geteuid() {
            throw DriverError(
                .unsupported, operation: "set up the local runtime", subject: "user \(name)",
                "only root can run instances as another user; leave `user` out or run Curfew as root")
        }
        return SandboxUser(uid: entry.pw_uid, gid: entry.pw_gid, isSwitched: isRoot)
    }

    /// Hands a file or folder over to the user.
    func own(_ path: String, for operation: String) throws {
        guard isSwitched else { return }
        guard lchown(path, uid, gid) == 0 else { throw failure(operation, path, errno) }
    }
}
