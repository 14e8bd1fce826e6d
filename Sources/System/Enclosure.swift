public import Glibc

/// Processes with namespaces, a root and control groups of their own: the inside of a sandbox or a container.
public struct Enclosure: Sendable, Hashable {
    /// What the caller knows it by.
    public var key: String
    /// The first process inside: what it starts belongs there.
    public var first: ProcessID
    /// Processes outside that start others inside by right: the supervisor that the engine has for it.
    public var supervisors: Set<ProcessID>
    /// What stands in the paths of its own control groups and in no others.
    public var groupMark: String

    /// Describes one.
    public init(key: String, first: ProcessID, supervisors: Set<ProcessID> = [], groupMark: String) {
        (self.key, self.first, self.supervisors, self.groupMark) = (key, first, supervisors, groupMark)
    }
}

/// A process that got into an enclosure from outside.
public struct Intruder: Sendable, Hashable {
    /// The enclosure's ``Enclosure/key``.
    public var key: String
    /// Which process.
    public var process: ProcessID
    /// What it shares with the inside, in words: `its mnt namespace`.
    public var how: String
    /// Its argument vector; hostile text.
    public var command: [String]
    /// Its effective user, if the kernel says.
    public var user: uid_t?
    /// The account that logged in, whatever it has become since; `nil` = none, or not known.
    public var login: uid_t?

    /// Who it is, for people.
    public var who: String {
        let account = user.map { "uid \($0)" } ?? "a user that has gone"
        let origin = login.map { ", logged in as uid \($0)" } ?? ""
        return "\(account)\(origin), process \(process.pid) \(how)"
    }
    /// What it runs, at most 1000 bytes.
    public var commandLine: String { String(decoding: command.joined(separator: " ").utf8.prefix(1000), as: UTF8.self) }
    /// Tells it from every other one until the machine is started again.
    public var mark: String { "\(process.pid)/\(process.started)" }
}

extension Intruder {
    /// Looks through all processes once for those that are inside an enclosure and were not started there: entered by
    /// namespace, root, working folder or control group, or tracing what is inside. Costs some system calls for each process.
    ///
    /// Who got in and left again in between is not seen, nor is a read through `/proc/PID/root`.
    public static func find(in enclosures: [Enclosure]) -> [Intruder] {
        let own = Inside(of: getpid(), besides: nil, groupMark: "")
        let sights = enclosures.compactMap { enclosure -> (Enclosure, Inside)? in
            guard enclosure.first.isAlive else { return nil }
            let inside = Inside(of: enclosure.first.pid, besides: own, groupMark: enclosure.groupMark)
            // Asked again behind: what was read is of this very process.
            return enclosure.first.isAlive ? (enclosure, inside) : nil
        }
        guard !sights.isEmpty else { return [] }
        let table = InsideTable(sights.map(\.1))
        var found: [Intruder] = []
        for name in PlainFile.names(in: "/proc") ?? [] {
            guard let pid = Int32(name), pid != getpid(), let match = table.match(pid) else { continue }
            let (enclosure, inside) = sights[match.index]
            // Parents end while they are read: a stranger is one that stays a stranger.
            var how: String?
            for _ in 0..<5 {
                how = stranger(pid, match, enclosure, inside)
                if how == nil { break }
                usleep(5000)
            }
            guard let how, let id = ProcessID(pid), table.match(pid)?.index == match.index, ProcessID(pid) == id else {
                continue
            }
            found.append(
                Intruder(
                    key: enclosure.key, process: id, how: how, command: Processes.arguments(of: pid),
                    user: Processes.users(of: pid)?.effective, login: Processes.loginUser(of: pid)))
        }
        // What a stranger starts inside is part of the same visit.
        let strangers = Set(found.map(\.process.pid))
        return found.filter { intruder in
            ProcessFacts(intruder.process.pid).map { !strangers.contains($0.parent) } ?? true
        }
    }

    /// What makes a process that is inside a stranger there; `nil` when it belongs there, or has ended.
    private static func stranger(_ pid: Int32, _ match: InsideTable.Match, _ enclosure: Enclosure, _ inside: Inside) -> String?
    {
        guard let facts = ProcessFacts(pid), !facts.hasEnded else { return nil }
        switch ancestor(of: facts, enclosure) {
        case .first: return inside.difference(of: pid).map { "\(match.how), \($0)" }
        case .supervisor: return nil
        // What this process starts joins the control group before it has a namespace of its own.
        case .ourselves where match.isGroupOnly: return nil
        case .ourselves, .nobody: return match.how
        }
    }

    private enum Ancestor { case first, supervisor, ourselves, nobody }

    private static func ancestor(of process: ProcessFacts, _ enclosure: Enclosure) -> Ancestor {
        var current = process
        for _ in 0..<256 {
            if current.id == enclosure.first { return .first }
            if enclosure.supervisors.contains(current.id) { return .supervisor }
            if current.id.pid == getpid() { return .ourselves }
            guard current.parent > 1, let next = ProcessFacts(current.parent) else { return .nobody }
            current = next
        }
        return .nobody
    }
}
