public import CurfewModel

/// How the sudo backend is set up.
public struct SudoBackendConfiguration: Sendable, Hashable {
    /// What roles call it.
    public var name: Name
    /// Where the drop-ins go; absolute, a folder that sudo reads.
    public var folder: String
    /// Where it keeps what its evidence needs; absolute, this backend's own. Losing it costs evidence only.
    public var stateFolder: String
    /// sudo's own log (`Defaults logfile`) or the system's (`auth.log`), for evidence of use; `nil` = nobody can tell.
    public var log: String?
    /// Hosts as sudoers names them, 1 to 16: `ALL` or host names.
    public var hosts: [String]
    /// What the drop-ins' names begin with: a lower-case letter, then `a-z`, `0-9`, `_`, `-`; at most 32.
    public var prefix: String

    /// Makes a configuration with the documented defaults.
    public init(
        name: Name, stateFolder: String, folder: String = "/etc/sudoers.d", log: String? = nil, hosts: [String] = ["ALL"],
        prefix: String = "curfew-"
    ) {
        (self.name, self.stateFolder, self.folder) = (name, stateFolder, folder)
        (self.log, self.hosts, self.prefix) = (log, hosts, prefix)
    }

    /// What makes it unusable; `nil` when nothing does. All of it ends in a file that sudo obeys, so it is as strict as
    /// what comes from a repository.
    var problem: String? {
        for (label, path) in [("folder", folder), ("stateFolder", stateFolder)] + (log.map { [("log", $0)] } ?? []) {
            guard path.hasPrefix("/"), !path.utf8.contains(0), path.utf8.count <= 1024 else {
                return "\(label) has to be an absolute path of at most 1024 bytes"
            }
        }
        guard let first = prefix.utf8.first, first.isLowerLetter, prefix.utf8.count <= 32,
            prefix.utf8.allSatisfy({ $0.isLowerLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else {
            return "prefix has to be a lower-case letter and then letters, digits, '_' and '-': sudo skips names with a dot"
        }
        guard (1...16).contains(hosts.count) else { return "hosts has to be a list of 1 to 16 names" }
        for host in hosts {
            guard let first = host.utf8.first, first.isLetter || first.isDigit, host.utf8.count <= 255,
                host.utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
            else { return "host '\(host.prefix(60).description.escapingControls)' has to be ALL or a host name" }
        }
        return nil
    }
}

extension UInt8 {
    var isLowerLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    var isLetter: Bool { isLowerLetter || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
