import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

/// What is kept of a grant after its drop-in is gone: for evidence, and for commands that would not end at first.
struct Trace: Codable, Sendable {
    var grant: GrantID
    var account: String
    var commands: [String]
    var start: Instant
    var end: Instant
    var placed: BootMoment
    /// When the drop-in was removed; what began later was not run under it.
    var removed: BootMoment?
    /// Where sudo's log ended when the drop-in was first placed, and when it was removed.
    var logStart: LogMark?
    var logEnd: LogMark?

    init(_ dropIn: DropIn) {
        (grant, account, commands) = (dropIn.grant, dropIn.account, dropIn.commands.map(\.text))
        (start, end, placed) = (dropIn.start, dropIn.end, dropIn.placed)
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

    /// `nil` when there is none that can be read, or it is another grant's.
    func read(_ id: GrantID) -> Trace? {
        guard case .value(let bytes, _) = Files.read(file(id), limit: 1 << 20),
            let trace = try? JSONDecoder().decode(Trace.self, from: Data(bytes)), trace.grant == id
        else { return nil }
        return trace
    }

    /// Replaces it whole. Makes the folder again when that was lost.
    func write(_ trace: Trace, isDurable: Bool) throws {
        let target = file(trace.grant)
        let temporary = target + ".tmp"
        let bytes = Array(try JSONEncoder().encode(trace))
        unlink(temporary)
        if !Files.create(temporary, bytes, mode: 0o600, isDurable: isDurable) {
            try make()
            guard Files.create(temporary, bytes, mode: 0o600, isDurable: isDurable) else { throw failure(target) }
        }
        guard rename(temporary, target) == 0 else { throw failure(target) }
    }

    /// Removes what nobody asks for any more.
    func forget(at now: Instant) {
        for name in Files.names(in: path) ?? [] where name.hasSuffix(".json") || name.hasSuffix(".tmp") {
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0 else { continue }
            if Instant(milliseconds: Int64(status.st_mtim.tv_sec) * 1000) + Self.keep < now { unlink("\(path)/\(name)") }
        }
    }

    private func failure(_ subject: String) -> DriverError {
        DriverError(.storage, operation: "write", subject: subject, Files.reason())
    }
}
