import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// The revocation list's file. Without one that it can read, sshd refuses everybody.
struct RevocationFile: Sendable {
    /// What is at the path.
    enum State: Sendable {
        case missing
        /// Nothing that `ssh-keygen` can read, and why.
        case damaged(String)
        case list(RevocationList)
    }

    let path: String
    let keygen: Keygen
    var fingerprint = ""
    private var known: (bytes: [UInt8], state: State)?

    init(path: String, keygen: Keygen) { (self.path, self.keygen) = (path, keygen) }

    private static let limit = 64 << 20
    /// Names the path that Curfew has written a list to: what is damaged there was Curfew's own.
    private var record: String { keygen.folder + "/krl-path" }
    private var isRecorded: Bool {
        ((try? PlainFile.read(record, limit: 8192)) ?? nil).map { $0 == Array(path.utf8) } ?? false
    }

    /// What is in place.
    /// - Throws: ``SystemError`` for a link, a device, a pipe, a file that is too large.
    mutating func state() throws -> State {
        guard let found = try PlainFile.readWithStatus(path, limit: Self.limit), !found.bytes.isEmpty else {
            known = nil
            return .missing
        }
        if let known, known.bytes == found.bytes { return known.state }
        let (code, output, errors) = try keygen.run(["-Q", "-l", "-f", "/dev/fd/3"], files: [found.bytes])
        let state: State =
            code == 0 && RevocationList.isList(found.bytes)
            ? .list(RevocationList(printed: output, authority: fingerprint)) : .damaged(keygen.said(errors))
        known = (found.bytes, state)
        return state
    }

    /// What is in place; `nil` when there is none that can be read.
    mutating func read() throws -> RevocationList? { if case .list(let list) = try state() { list } else { nil } }

    /// Whether others than root may write to the file.
    var isOpenToOthers: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && (status.st_mode & 0o022 != 0 || status.st_uid != geteuid())
    }

    /// Refuses what another tool or person has put at the path.
    /// - Parameter isKnown: whether Curfew has written a list before and could not mark it yet.
    mutating func claim(isKnown: Bool) throws {
        guard let bytes = try PlainFile.read(path, limit: Self.limit), !bytes.isEmpty else { return }
        if RevocationList.isMarked(bytes) || isRecorded { return }
        if isKnown, let list = try read(), list.isPlain { return }
        throw problem(
            "there is a file that Curfew did not write; name another path as krl, move it away, or hand the list over with ssh-keygen -k -u -C '\(RevocationList.mark)' -f \(path) /dev/null"
        )
    }

    /// Puts a list in place that revokes these serials, whole or not at all. What others have put into the list stays.
    mutating func write(_ serials: Set<UInt64>, at now: Instant) throws {
        let old = try read()
        let text = serials.sorted().map { "serial: \($0)\n" }.joined()
        // A clock that was set back must not make a version that a host has seen already.
        let version = max(UInt64(max(now.milliseconds, 1)), (old?.version ?? 0) &+ 1)
        let next = keygen.folder + "/krl.next"
        unlink(next)
        defer { unlink(next) }
        var arguments = ["-q", "-k", "-C", RevocationList.mark, "-f", next, "-s", keygen.authority, "-z", "\(version)"]
        if let old, !old.isPlain, let known {
            try AtomicFile.write(known.bytes, to: next, isDurable: false)
            arguments.append("-u")
        }
        let (code, _, errors) = try keygen.run(arguments + ["/dev/fd/3"], files: [Array(text.utf8)])
        guard code == 0, let bytes = try PlainFile.read(next, limit: Self.limit) else {
            throw problem("ssh-keygen failed: \(keygen.said(errors))")
        }
        // Written down first: a list that is damaged before the mark is in it is known for Curfew's own.
        let isOurs = isRecorded
        if !isOurs { try AtomicFile.write(Array(path.utf8), to: record) }
        let previous = known?.bytes
        try AtomicFile.write(
            bytes, to: path, mode: 0o644,
            replacing: .marked { isOurs || $0.isEmpty || $0 == previous || RevocationList.isMarked($0) })
        known = nil
    }

    private func problem(_ message: String) -> DriverError { keygen.failure("write the revocation list", path, message) }
}
