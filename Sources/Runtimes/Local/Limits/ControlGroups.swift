import Crypto
import CurfewDrivers
import CurfewModel
import Glibc

/// One control group for each instance, in cgroup v2 or in the hierarchies of v1, whichever this machine lets us write.
///
/// The groups lie below `curfew/<mark>/` at the top of the hierarchy and not below the daemon's own group: instances
/// outlive the daemon, and a later daemon (from another session or unit) has to find them again.
struct ControlGroups: Sendable {
    /// Field names of `resources`.
    enum Limit: String, CaseIterable, Sendable { case cpu, memory, pids }

    /// The folder that holds the instances' groups, by limit; in v2 it is the same for all.
    private(set) var folders: [Limit: String] = [:]
    /// Why a limit cannot be held.
    private(set) var missing: [Limit: String] = [:]
    private let isUnified: Bool
    /// What a process with a single thread writes to in order to join. In v1 `tasks` does not stop every fork of the
    /// machine while it is written, as `cgroup.procs` does: 0.02 ms instead of 0.2 ms, and many at once do not queue.
    private var door: String { isUnified ? "cgroup.procs" : "tasks" }

    /// Processes that a sandbox has beyond those of the workload: bubblewrap outside and inside.
    static let overhead = 2
    /// Keeps a fork bomb in one instance from taking every process of the machine.
    static let defaultProcesses = 4096

    /// Finds out what can be held here, by trying. `folder` is the runtime's; it sets this runtime's groups apart.
    init(folder: String) {
        let mark = String(SHA256.hash(data: Array(folder.utf8)).hexadecimal.prefix(12))
        let mounts = CgroupMounts.read()
        if let unified = mounts.unified, let base = Self.unifiedBase(unified, mark) {
            isUnified = true
            for limit in Limit.allCases {
                let available = Files.text(base.parent + "/cgroup.controllers")?.split(whereSeparator: \.isWhitespace) ?? []
                if available.contains(Substring(limit.rawValue)) {
                    folders[limit] = base.folder
                } else {
                    missing[limit] = "cgroup v2 does not offer the \(limit.rawValue) controller at \(base.parent)"
                }
            }
            return
        }
        isUnified = false
        for limit in Limit.allCases {
            guard let mount = mounts.separate[limit.rawValue] else {
                missing[limit] =
                    "no writable control group hierarchy has the \(limit.rawValue) controller; run Curfew as root, or under systemd with Delegate=yes"
                continue
            }
            let folder = "\(mount)/curfew/\(mark)"
            if let reason = Self.tryOut(folder, Self.file(limit, unified: false)) {
                missing[limit] = reason
            } else {
                folders[limit] = folder
            }
        }
    }

    /// Makes the group of an instance and gives back what a process writes to in order to join it.
    func make(_ id: InstanceID, _ resources: Resources) throws -> [Descriptor] {
        let wanted = wanted(resources)
        do {
            var made: [String] = []
            for (limit, value) in wanted {
                guard let folder = folders[limit] else { continue }
                let group = "\(folder)/\(id)"
                if !made.contains(group) {
                    try Self.makeGroup(group)
                    made.append(group)
                }
                try hold(limit, value, group)
            }
            return try made.map { try Descriptor.open("\($0)/\(door)", O_WRONLY, for: "limit instance") }
        } catch {
            _ = remove(id)
            throw error
        }
    }

    /// The doors of an instance's groups that exist.
    func join(_ id: InstanceID) -> [Descriptor] {
        Set(folders.values).sorted().compactMap { try? Descriptor.open("\($0)/\(id)/\(door)", O_WRONLY, for: "join") }
    }

    /// Removes the group; `false` when something is still in it.
    func remove(_ id: InstanceID) -> Bool {
        var gone = true
        for folder in Set(folders.values) where rmdir("\(folder)/\(id)") != 0 && errno != ENOENT { gone = false }
        return gone
    }

    /// Ends what is in groups that belong to no instance of `known`, and removes the groups.
    func sweep(known: Set<String>) {
        for folder in Set(folders.values) {
            for name in ((try? Files.names(in: folder, for: "sweep")) ?? nil) ?? [] where !known.contains(name) {
                let group = "\(folder)/\(name)"
                guard Files.isFolder(group) else { continue }
                for line in Files.text(group + "/cgroup.procs")?.split(separator: "\n") ?? [] {
                    if let pid = Int32(line), pid > 1 { kill(pid, SIGKILL) }
                }
                rmdir(group)
            }
        }
    }

    /// Leaves nothing behind when no instance has a group.
    func close() {
        for folder in Set(folders.values) { Self.removeEmpty(folder) }
    }

    /// How often the kernel has ended a process of the instance for want of memory.
    func outOfMemoryKills(_ id: InstanceID) -> Int {
        guard let folder = folders[.memory] else { return 0 }
        let text = Files.text("\(folder)/\(id)/\(isUnified ? "memory.events" : "memory.oom_control")") ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) ?? 0 }
        }
        return 0
    }

    private func wanted(_ resources: Resources) -> [(Limit, Int64)] {
        var wanted: [(Limit, Int64)] = [(.pids, Int64(resources.pids ?? Self.defaultProcesses) + Int64(Self.overhead))]
        if let memory = resources.memory { wanted.append((.memory, memory.value)) }
        if let cpu = resources.cpu { wanted.append((.cpu, Int64(cpu.value))) }
        return wanted
    }

    private func hold(_ limit: Limit, _ value: Int64, _ group: String) throws {
        func set(_ file: String, _ text: String, optional: Bool = false) throws {
            let number = Files.poke("\(group)/\(file)", text)
            if number != 0 && !optional { throw failure("limit instance", "\(group)/\(file)", number) }
        }
        switch (limit, isUnified) {
        case (.pids, _): try set("pids.max", String(value))
        case (.memory, true):
            try set("memory.max", String(value))
            try set("memory.swap.max", "0", optional: true)
            try set("memory.oom.group", "1", optional: true)
        case (.memory, false):
            try set("memory.limit_in_bytes", String(value))
            try set("memory.memsw.limit_in_bytes", String(value), optional: true)
        case (.cpu, true): try set("cpu.max", "\(max(1000, value * 100)) 100000")
        case (.cpu, false):
            try set("cpu.cfs_period_us", "100000")
            try set("cpu.cfs_quota_us", String(max(1000, value * 100)))
        }
    }
}
