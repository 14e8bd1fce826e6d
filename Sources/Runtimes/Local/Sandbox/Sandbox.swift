import CurfewModel

/// A sandbox as a value: from it come the arguments of bubblewrap, nothing else decides what an instance may see.
///
/// The network is the host's: instances listen on loopback ports, and what they may reach is the host's firewall's affair.
struct Sandbox: Sendable, Hashable {
    /// A writable place.
    struct Writable: Sendable, Hashable {
        /// The folder on the host.
        var source: String
        /// Where it is inside.
        var target: String
    }
    /// The host name inside, at most 63 bytes.
    var hostname: String
    /// The folder that becomes `/etc`.
    var hostFiles: String
    /// The folder that becomes `/app`; `nil` = an empty one.
    var artifact: String?
    var writable: [Writable]
    var environment: [String: String]
    /// How much `/tmp` and `/dev/shm` may each hold.
    var temporary: ByteCount
    var user: SandboxUser
    /// Ends with the thread that started it: for probes, never for instances.
    var diesWithParent = false

    /// Descriptors of the outer process by their place after standard error.
    static let argumentsDescriptor = 3
    static let lockDescriptor = 4
    static let statusDescriptor = 5

    /// The options, passed through a descriptor and not on the command line, where everybody could read the environment.
    func options(lock: Bool, status: Bool, lendingHostFolders: Bool = true) -> [String] {
        var list = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", hostname, "--new-session"]
        if !user.isSwitched { list += ["--unshare-user"] }
        if diesWithParent { list += ["--die-with-parent"] }
        list += ["--ro-bind", "/usr", "/usr"]
        for folder in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] where Self.isMerged(folder) {
            list += ["--symlink", "usr/\(folder)", "/\(folder)"]
        }
        list += ["--ro-bind", hostFiles, "/etc"]
        for folder in HostFiles.lent where lendingHostFolders { list += ["--ro-bind-try", "/etc/\(folder)", "/etc/\(folder)"] }
        let size = String(temporary.value)
        list += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", size, "--tmpfs", "/dev/shm"]
        list += ["--perms", "1777", "--size", size, "--tmpfs", "/tmp", "--dir", "/run"]
        list += ["--symlink", "../run", "/var/run", "--symlink", "../tmp", "/var/tmp"]
        list += artifact.map { ["--ro-bind", $0, "/app"] } ?? ["--dir", "/app"]
        for mount in writable { list += ["--bind", mount.source, mount.target] }
        list += ["--chdir", "/app", "--remount-ro", "/dev", "--remount-ro", "/", "--cap-drop", "ALL"]
        if user.isSwitched {
            // Just enough for setpriv to become the user; it then gives up these too.
            for capability in ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"] { list += ["--cap-add", capability] }
        }
        list.append("--clearenv")
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) { list += ["--setenv", name, value] }
        if lock { list += ["--sync-fd", String(Self.lockDescriptor)] }
        if status { list += ["--json-status-fd", String(Self.statusDescriptor)] }
        return list
    }

    /// The argument vector of bubblewrap.
    func arguments(running command: [String]) -> [String] {
        var list = ["bwrap", "--args", String(Self.argumentsDescriptor), "--"]
        if user.isSwitched {
            list += [
                "/usr/bin/setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", "--clear-groups", "--inh-caps=-all",
                "--bounding-set=-all", "--",
            ]
        }
        return list + command
    }

    /// Places inside that no mount may cover.
    static let reserved = ["/usr", "/etc", "/proc", "/dev", "/sys", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]

    /// Whether the host's `/bin` and the like are what they are in `/usr`, as they are on every current distribution.
    private static func isMerged(_ folder: String) -> Bool {
        ProcessTable.link("/\(folder)").map { $0 == "usr/\(folder)" || $0 == "/usr/\(folder)" } ?? false
    }
}
