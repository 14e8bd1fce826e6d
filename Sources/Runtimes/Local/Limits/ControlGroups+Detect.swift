import Foundation
import Glibc

/// Where control group hierarchies are mounted.
struct CgroupMounts {
    /// The mount point of cgroup v2.
    var unified: String?
    /// Mount points of v1 by controller.
    var separate: [String: String] = [:]

    static func read() -> CgroupMounts {
        var mounts = CgroupMounts()
        for line in Files.text("/proc/self/mountinfo", limit: 4 << 20)?.split(separator: "\n") ?? [] {
            guard let separator = line.range(of: " - ") else { continue }
            let place = line[..<separator.lowerBound].split(separator: " ")
            let kind = line[separator.upperBound...].split(separator: " ")
            guard place.count > 4, kind.count > 2 else { continue }
            if kind[0] == "cgroup2" { mounts.unified = mounts.unified ?? String(place[4]) }
            guard kind[0] == "cgroup" else { continue }
            for option in kind[2].split(separator: ",") { mounts.separate[String(option)] = String(place[4]) }
        }
        return mounts
    }
}

extension ControlGroups {
    /// The file that holds a limit.
    static func file(_ limit: Limit, unified: Bool) -> String {
        switch limit {
        case .cpu: unified ? "cpu.max" : "cpu.cfs_quota_us"
        case .memory: unified ? "memory.max" : "memory.limit_in_bytes"
        case .pids: "pids.max"
        }
    }

    /// Makes a group below `folder` and takes it away again; the reason when that cannot be done.
    static func tryOut(_ folder: String, _ file: String) -> String? {
        let probe = "\(folder)/probe-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        do {
            try makeGroup(probe)
        } catch {
            return "control groups cannot be made here (\(error)); run Curfew as root"
        }
        defer {
            rmdir(probe)
            removeEmpty(folder)
        }
        return access("\(probe)/\(file)", W_OK) == 0 ? nil : "the kernel does not offer \(file)"
    }

    /// Makes a group and those above it. Another process may be tidying up the empty ones at the same time.
    static func makeGroup(_ path: String) throws {
        for _ in 0..<5 {
            if (try? Files.makeFolder(path, mode: 0o755, for: "make a control group")) != nil { return }
        }
        try Files.makeFolder(path, mode: 0o755, for: "make a control group")
    }

    /// Removes a runtime's folder of groups, and the one above it, when nothing is in them.
    static func removeEmpty(_ folder: String) {
        guard rmdir(folder) == 0, let slash = folder.lastIndex(of: "/") else { return }
        rmdir(String(folder[..<slash]))
    }

    /// The folder for this runtime's groups in cgroup v2 and the group above `curfew/`; `nil` when it offers no limit.
    static func unifiedBase(_ mount: String, _ mark: String) -> (parent: String, folder: String)? {
        var candidates = [mount]
        // A delegated subtree: only where its controllers are handed down already, for a group with processes in it (ours)
        // cannot hand them down.
        if let own = Files.text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) {
            candidates.append(mount + String(own.dropFirst(3)))
        }
        for parent in candidates {
            let names = Set(Limit.allCases.map { Substring($0.rawValue) })
            let offered = names.intersection(
                Files.text(parent + "/cgroup.controllers")?.split(whereSeparator: \.isWhitespace) ?? [])
            guard !offered.isEmpty else { continue }
            var reached = true
            var folder = parent
            for part in ["", "/curfew", "/\(mark)"] {
                folder += part
                mkdir(folder, 0o755)
                for controller in offered { _ = Files.poke(folder + "/cgroup.subtree_control", "+\(controller)") }
                let passedOn = Files.text(folder + "/cgroup.subtree_control")?.split(whereSeparator: \.isWhitespace) ?? []
                reached = reached && offered.isSubset(of: passedOn)
            }
            if reached { return (parent, folder) }
        }
        return nil
    }
}
