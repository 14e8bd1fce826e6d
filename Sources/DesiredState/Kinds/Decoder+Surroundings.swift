internal import CurfewModel

/// What surrounds an instance: ports, resources, mounts.
extension Decoder {
    func ports(_ node: Int, _ draft: inout Draft) {
        var ports: [Port] = []
        var positions: [Position] = []
        list(node, "ports", count: WorkloadRules.ports) { item in
            guard let record = record(item, "port", as: PortField.self) else { return }
            let name = record[.name].flatMap { self.name($0, "port name") }
            let expose = record[.expose].flatMap { integer($0, "expose", WorkloadRules.port) }
            let mode = record[.protocol].flatMap { choice($0, "protocol", as: Port.Mode.self) } ?? .http
            let port = record[.port].flatMap { integer($0, "port", WorkloadRules.port) }
            guard let name else { return }
            if let port, ports.contains(where: { $0.port == port }) {
                report(record[.port] ?? item, "port \(port) is used twice in this workload")
            }
            if ports.contains(where: { $0.name == name }) {
                return report(record[.name] ?? item, "port name '\(name)' is used twice in this workload")
            }
            if let expose, ports.contains(where: { $0.expose == expose }) {
                report(record[.expose] ?? item, "expose \(expose) is used twice in this workload")
            }
            ports.append(Port(name: name, expose: expose, mode: mode, port: port))
            if let expose, let node = record[.expose] {
                draft.uses.append(PowerUse(power: .port(expose), position: position(node)))
            }
            positions.append(record[.expose].map(position) ?? Position(line: 0, column: 0))
        }
        (draft.ports, draft.expose) = (ports, positions)
    }

    func resources(_ node: Int) -> Resources {
        guard let record = record(node, "resources", as: ResourcesField.self) else { return Resources() }
        return Resources(
            cpu: record[.cpu].flatMap { cpu($0, "cpu", WorkloadRules.cpu) },
            memory: record[.memory].flatMap { bytes($0, "memory", WorkloadRules.memory) },
            pids: record[.pids].flatMap { integer($0, "pids", WorkloadRules.pids) })
    }

    func mounts(_ node: Int, _ draft: inout Draft, containers: Bool) {
        var mounts: [Mount] = []
        list(node, "mounts", count: 0...WorkloadRules.entries) { item in
            guard let record = record(item, "mount", as: MountField.self) else { return }
            let volume = record[.volume].flatMap { name($0, "volume") }
            guard let node = record[.path], let path = string(node, "mount path") else { return }
            if let reason = Self.mountFault(path, containers: containers) {
                return report(node, "mount path '\(path.prefix(80))' \(reason)")
            }
            if let other = mounts.first(where: { Self.overlap($0.path, path) }) {
                return report(
                    node, "mount path '\(path)' " + (other.path == path ? "is used twice" : "overlaps '\(other.path)'"))
            }
            if let volume, mounts.contains(where: { $0.volume == volume }) {
                return report(record[.volume] ?? node, "volume '\(volume)' is mounted twice")
            }
            let tmpfs = record[.tmpfs].flatMap { bytes($0, "tmpfs", WorkloadRules.memory) }
            if let node = record[.tmpfs], volume != nil { report(node, "a volume is not in memory; leave 'tmpfs' out") }
            if let volume, let node = record[.volume] {
                draft.uses.append(PowerUse(power: .volume(volume.rawValue), position: position(node)))
            }
            mounts.append(Mount(path: path, volume: volume, tmpfs: tmpfs))
        }
        draft.mounts = mounts
    }

    /// Places that belong to the host's programs, the kernel or the artifact.
    static let reservedPlaces = [
        "/app", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys", "/usr",
    ]

    /// What no container gives away: the kernel's places, and where its secrets lie.
    static let containerPlaces = ["/dev", "/proc", "/run/secrets", "/sys"]

    static func mountFault(_ path: String, containers: Bool) -> String? {
        guard path.hasPrefix("/") else { return "has to be absolute" }
        if path == "/" { return "is the root, which is read-only" }
        if path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "holds control characters" }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) {
            return "has to be written without '.', '..', '//' and a final '/'"
        }
        if let place = (containers ? containerPlaces : reservedPlaces).first(where: { overlap($0, path) }) {
            return "lies in \(place), which is read-only; use a place such as /data or /var/cache"
        }
        return nil
    }

    /// Whether one path is the other or lies in it.
    static func overlap(_ left: String, _ right: String) -> Bool {
        left == right || left.hasPrefix(right + "/") || right.hasPrefix(left + "/")
    }
}
