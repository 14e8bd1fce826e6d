import CurfewModel
import Foundation
import Glibc

/// What the revocation list in place says of the backend's own authority.
struct RevocationList: Sendable, Hashable {
    var version: UInt64 = 0
    /// Serials of the backend's own authority.
    var serials: Set<UInt64> = []
    /// Whether there is nothing else in it: keys, ids, serials of other authorities, which are somebody else's.
    var isPlain = true

    /// Reads what `ssh-keygen -Q -l` prints.
    init(printed text: String, authority fingerprint: String) {
        var isOurs = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# KRL version ") {
                version = UInt64(line.dropFirst("# KRL version ".count)) ?? 0
            } else if line.hasPrefix("# CA key ") {
                isOurs = line.split(separator: " ").contains(Substring(fingerprint))
                if !isOurs { isPlain = false }
            } else if line.hasPrefix("# Wildcard CA") {
                (isOurs, isPlain) = (false, false)
            } else if isOurs, line.hasPrefix("serial: ") {
                let ends = line.dropFirst("serial: ".count).split(separator: "-").compactMap { UInt64($0) }
                if ends.count == 1 {
                    serials.insert(ends[0])
                } else if ends.count == 2, ends[1] >= ends[0], ends[1] - ends[0] < 10_000 {
                    serials.formUnion(ends[0]...ends[1])
                } else {
                    isPlain = false
                }
            } else if !line.hasPrefix("#") {
                isPlain = false
            }
        }
    }

    init() {}
}

/// The revocation list's file. What was read is remembered for as long as the file is the same one.
struct RevocationFile: Sendable {
    let path: String
    let keygen: Keygen
    var fingerprint = ""
    private var mark: [Int64]?
    private var known: RevocationList?

    init(path: String, keygen: Keygen) { (self.path, self.keygen) = (path, keygen) }

    /// What is in place; `nil` when there is none that can be read, and sshd refuses everybody.
    mutating func read() throws -> RevocationList? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            (mark, known) = (nil, nil)
            return nil
        }
        let seen = [
            Int64(status.st_ino), Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
            Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec),
        ]
        if seen == mark { return known }
        let (code, output, _) = try keygen.run(["-Q", "-l", "-f", path])
        known = code == 0 ? RevocationList(printed: output, authority: fingerprint) : nil
        mark = seen
        return known
    }

    /// Puts a list in place that revokes these serials, whole or not at all. What others have put into the list stays.
    mutating func write(_ serials: Set<UInt64>, at now: Instant) throws {
        let old = try read()
        let specification = keygen.folder + "/revoked"
        let text = serials.sorted().map { "serial: \($0)\n" }.joined()
        try SafeFile.write(Data(text.utf8), to: specification, mode: 0o600)
        let next = path + ".next"
        unlink(next)
        // A clock that was set back must not make a version that a host has seen already.
        let version = max(UInt64(max(now.milliseconds, 1)), (old?.version ?? 0) &+ 1)
        var arguments = ["-q", "-k", "-f", next, "-s", keygen.authority, "-z", "\(version)"]
        if let old, !old.isPlain {
            guard let bytes = FileManager.default.contents(atPath: path) else { throw problem("it cannot be read") }
            try SafeFile.write(bytes, to: next, mode: 0o600)
            arguments.append("-u")
        }
        let (code, _, errors) = try keygen.run(arguments + [specification])
        guard code == 0 else { throw problem("ssh-keygen failed: \(keygen.said(errors))") }
        let file = open(next, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw problem(String(cString: strerror(errno))) }
        let isSafe = fchmod(file, 0o644) == 0 && fsync(file) == 0
        close(file)
        guard isSafe, rename(next, path) == 0 else { throw problem(String(cString: strerror(errno))) }
        SafeFile.syncFolder(of: path)
    }

    private func problem(_ message: String) -> any Error { keygen.failure("write the revocation list", path, message) }
}
