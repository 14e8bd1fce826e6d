import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// What is kept of a grant after its drop-in is gone: for evidence, and for commands that would not end at first.
struct Trace: Codable, Sendable {
    var grant: GrantID
    var account: String
    var commands: [String]
    var start: Instant
    var end: Instant
    var placed: BootTime
    /// When the drop-in was removed; what began later was not run under it.
    var removed: BootTime?
    /// Where sudo's log ended when the drop-in was first placed, and when it was removed.
    var logStart: LogMark?
    var logEnd: LogMark?
    /// What runs as: absent in what earlier versions wrote.
    var runAs: String?
    /// What the drop-in says, to put it back when it is lost.
    var text: String?
    /// Processes that were seen under its commands and did not end with them, at most 200.
    var members: [ProcessID]?

    init(_ dropIn: DropIn) {
        (grant, account, commands) = (dropIn.grant, dropIn.account, dropIn.commands.map(\.text))
        (start, end, placed, runAs) = (dropIn.start, dropIn.end, dropIn.placed, dropIn.runAs)
        text = dropIn.text
    }

    var patterns: [CommandPattern] { commands.compactMap { CommandPattern($0) } }
}

/// A place in a log. Entries are found by where they stand and not by their times: sudo writes those in the time zone of
/// whoever calls it (tried: `TZ=Foo+20` puts an entry 20 hours back).
struct LogMark: Codable, Sendable, Hashable {
    var device: UInt64
    var inode: UInt64
    /// Bytes.
    var offset: Int

    /// The log's end as it is now; `nil` when there is no log.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        (device, inode, offset) = (UInt64(status.st_dev), UInt64(status.st_ino), Int(status.st_size))
    }
}

/// The traces, a JSON file each.
struct TraceFolder: Sendable {
    let path: String
    /// No grant is longer than 30 days; a trace is kept for as long again after its last change.
    static let keep = Span.seconds(62 * 86_400)

    func make() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DriverError(
                .storage, operation: "make folder", subject: path, "it cannot be made: \(error.localizedDescription)")
        }
    }

    private func file(_ id: GrantID) -> String { "\(path)/\(id).json" }

    /// The grant whose trace has this file's name; `nil` when it is none.
    func id(of name: String) -> GrantID? {
        guard let bytes = (try? PlainFile.read("\(path)/\(name)", limit: 4 << 20)) ?? nil,
            let trace = try? JSONDecoder().decode(Trace.self, from: Data(bytes)), "\(trace.grant).json" == name
        else { return nil }
        return trace.grant
    }

    /// `nil` when there is none that can be read, or it is another grant's.
    func read(_ id: GrantID) -> Trace? {
        guard let bytes = (try? PlainFile.read(file(id), limit: 4 << 20)) ?? nil,
            let trace = try? JSONDecoder().decode(Trace.self, from: Data(bytes)), trace.grant == id
        else { return nil }
        return trace
    }

    /// Replaces it whole. Makes the folder again when that was lost.
    func write(_ trace: Trace, isDurable: Bool) throws {
        let bytes = Array(try JSONEncoder().encode(trace))
        do { try AtomicFile.write(bytes, to: file(trace.grant), isDurable: isDurable) } catch {
            try make()
            try AtomicFile.write(bytes, to: file(trace.grant), isDurable: isDurable)
        }
    }

    /// Removes what nobody asks for any more.
    func forget(at now: Instant) {
        for name in PlainFile.names(in: path) ?? [] where name.hasSuffix(".json") || name.hasSuffix(AtomicFile.suffix) {
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0 else { continue }
            if Instant(milliseconds: Int64(status.st_mtim.tv_sec) * 1000) + Self.keep < now { unlink("\(path)/\(name)") }
        }
    }
}
