import Glibc

/// What tells the inside of an enclosure from the rest of the machine.
struct Inside {
    /// Device and inode.
    struct Place: Hashable {
        var device: UInt64
        var inode: UInt64

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        }
    }
    static let kinds = ["mnt", "pid", "net", "user", "ipc", "uts", "cgroup"]

    /// By kind, as the kernel names them; only those that are not ours as well.
    var namespaces: [String: String] = [:]
    var root: Place?
    /// Its own control groups, by their place in the kernel's order. Those that it shares say nothing: they are of the session
    /// that started it.
    var groups: [Int: String] = [:]
    private let takesNoPrivileges: Bool
    /// The capabilities that anybody inside can have at most.
    private let bounding: UInt64?
    private let session: UInt32?

    init(of pid: Int32, besides own: Inside?, groupMark: String) {
        for kind in Self.kinds {
            let name = Processes.namespace(kind, of: pid)
            if let name, own?.namespaces[kind] != name { namespaces[kind] = name }
        }
        let root = Place("/proc/\(pid)/root")
        self.root = root == own?.root ? nil : root
        for (place, group) in Processes.controlGroups(of: pid).enumerated() where !groupMark.isEmpty {
            if Self.names(group, groupMark) { groups[place] = group }
        }
        let status = Self.status(of: pid)
        takesNoPrivileges = status["NoNewPrivs"] == "1"
        bounding = status["CapBnd"].flatMap { UInt64($0, radix: 16) }
        session = Processes.loginSession(of: pid)
    }

    /// Whether a path names something whole: `web-1` is not in `/web-12`.
    private static func names(_ path: String, _ mark: String) -> Bool {
        guard let found = path.firstRange(of: mark) else { return false }
        let next = path[found.upperBound...].utf8.first ?? UInt8(ascii: "/")
        return next == UInt8(ascii: "/") || next == UInt8(ascii: ".")
    }

    /// What shows that a process with the right parents came from outside all the same: who leaves a child behind inside can
    /// make the first process its parent, but gives it what it has itself.
    func difference(of pid: Int32) -> String? {
        let status = Self.status(of: pid)
        guard !status.isEmpty else { return nil }
        if takesNoPrivileges, status["NoNewPrivs"] == "0" { return "with privileges that nobody inside can have" }
        if let bounding, let its = status["CapEff"].flatMap({ UInt64($0, radix: 16) }), its & ~bounding != 0 {
            return "with capabilities that nobody inside can have"
        }
        if Processes.loginSession(of: pid) != session, ProcessFacts(pid) != nil { return "from another login session" }
        if !groups.isEmpty {
            let its = Processes.controlGroups(of: pid)
            let isBelow = groups.allSatisfy { place, group in
                its.indices.contains(place) && (its[place] == group || its[place].hasPrefix(group + "/"))
            }
            if !isBelow, !its.isEmpty { return "from another control group" }
        }
        if let tracer = status["TracerPid"].flatMap({ Int32($0) }), tracer > 0, let id = ProcessFacts(tracer) {
            let isInside = namespaces["pid"].map { Processes.namespace("pid", of: tracer) == $0 } ?? true
            let words = Processes.arguments(of: tracer).joined(separator: " ").prefix(200)
            if !isInside { return "traced from outside by process \(id.id.pid) (\(words))" }
        }
        return nil
    }

    private static func status(of pid: Int32) -> [String: String] {
        guard let bytes = PlainFile.kernel("/proc/\(pid)/status", limit: 64 << 10) else { return [:] }
        var result: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            for key in ["NoNewPrivs", "TracerPid", "CapEff", "CapBnd"] where line.hasPrefix(key + ":") {
                result[key] = line.dropFirst(key.utf8.count + 1).filter { !$0.isWhitespace }
            }
        }
        return result
    }
}

/// Finds the enclosure that a process is inside of.
struct InsideTable {
    struct Match {
        var index: Int
        /// In words.
        var how: String
        var isGroupOnly: Bool
    }
    private var kinds: [String] = []
    private var namespaces: [String: Int?] = [:]
    private var roots: [Inside.Place: Int?] = [:]
    private var devices: [UInt64: Int?] = [:]
    private var groups: [String: Int?] = [:]

    init(_ insides: [Inside]) {
        // What two of them share tells neither.
        func add<Key: Hashable>(_ key: Key, _ index: Int, _ table: inout [Key: Int?]) {
            table[key] = table[key] == nil ? .some(index) : .some(nil)
        }
        let host = Inside.Place("/proc/self/root")?.device
        kinds = Inside.kinds.filter { kind in insides.contains { $0.namespaces[kind] != nil } }
        for (index, inside) in insides.enumerated() {
            for name in inside.namespaces.values { add(name, index, &namespaces) }
            if let root = inside.root {
                add(root, index, &roots)
                if root.device != host { add(root.device, index, &devices) }
            }
            for group in Set(inside.groups.values) { add(group, index, &groups) }
        }
    }

    func match(_ pid: Int32) -> Match? {
        for kind in kinds {
            if let name = Processes.namespace(kind, of: pid), let index = namespaces[name] ?? nil {
                return Match(index: index, how: "in its \(kind) namespace", isGroupOnly: false)
            }
        }
        if let root = Inside.Place("/proc/\(pid)/root"), let index = roots[root] ?? nil {
            return Match(index: index, how: "with its root folder", isGroupOnly: false)
        }
        if let folder = Inside.Place("/proc/\(pid)/cwd"), let index = devices[folder.device] ?? nil {
            return Match(index: index, how: "with a working folder in it", isGroupOnly: false)
        }
        for group in groups.isEmpty ? [] : Processes.controlGroups(of: pid) {
            var path = group[...]
            // A group made below one belongs to it.
            while path.count > 1 {
                if let index = groups[String(path)] ?? nil {
                    return Match(index: index, how: "in its control group", isGroupOnly: true)
                }
                path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
            }
        }
        return nil
    }
}
