import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// The folder of `AuthorizedPrincipalsFile <folder>/%u`: a file for each account, a line for each live grant. The hosts' own,
/// second end: a line carries its expiry, and a certificate whose line is gone is worth nothing.
struct PrincipalsFolder: Sendable {
    let path: String

    static let marker = "# made by Curfew from grants; other lines are reported"
    private static let limit = 4 << 20

    static func line(_ record: IssuedCertificate) -> String {
        "expiry-time=\"\(Keygen.compact(record.end))\" curfew-\(record.id)"
    }

    /// Whether a line is of exactly the form that Curfew writes. It lets nobody in who has no certificate of that very grant.
    static func isOurs(_ line: some StringProtocol) -> Bool { parts(line) != nil }

    private static func parts(_ line: some StringProtocol) -> (expiry: String, principal: String)? {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0].hasPrefix("expiry-time=\""), words[0].hasSuffix("Z\""),
            words[1].hasPrefix("curfew-"), words[1].utf8.count <= 128
        else { return nil }
        let digits = words[0].dropFirst("expiry-time=\"".count).dropLast(2)
        guard digits.utf8.count == 14, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            words[1].utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else { return nil }
        return ("\(digits)Z", String(words[1]))
    }

    func prepare() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        } catch { throw DriverError(.storage, operation: "make folder", subject: path, "it cannot be made") }
    }

    /// Accounts that have a file.
    func accounts() -> [String] {
        (PlainFile.names(in: path) ?? []).filter { !$0.hasSuffix(AtomicFile.suffix) && !$0.hasSuffix(".tmp") }.sorted()
    }

    /// Empty when it cannot be read.
    func lines(_ account: String) -> [String] { (try? readLines(account)) ?? [] }

    private func readLines(_ account: String) throws -> [String] {
        let bytes = try PlainFile.read("\(path)/\(account)", limit: Self.limit) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Whether a file was made by Curfew: it carries the marker, or a line of Curfew's form, or nothing.
    static func isMarked(_ bytes: [UInt8]) -> Bool {
        bytes.isEmpty
            || String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { $0 == marker[...] || isOurs($0) }
    }

    /// Writes one account's file: the lines of its grants, lines that are not Curfew's, and lines of grants that a lost
    /// state forgot, until their time is over or they are ended. Whether it had to be written.
    /// - Throws: for a file without Curfew's marker: somebody else's is not written over.
    @discardableResult
    func write(_ account: String, live: [IssuedCertificate], ended: Set<String>, now: Instant) throws -> Bool {
        let wanted = live.map(Self.line).sorted()
        let known = Set(live.map { "curfew-\($0.id)" }).union(ended)
        let moment = Keygen.compact(now)
        let file = "\(path)/\(account)"
        let found = try PlainFile.readWithStatus(file, limit: Self.limit)
        let bytes = found?.bytes ?? []
        let there = try readLines(account)
        let kept = there.filter { line in
            guard line != Self.marker else { return false }
            guard let (expiry, principal) = Self.parts(line) else { return true }
            return expiry > moment && !known.contains(principal)
        }
        let text = Array(([Self.marker] + wanted + kept).map { $0 + "\n" }.joined().utf8)
        // A file that would say nothing and is not there is not made.
        guard !wanted.isEmpty || !there.isEmpty else { return false }
        let isOpen = found.map { $0.status.st_mode & 0o022 != 0 || $0.status.st_uid != geteuid() } ?? false
        guard bytes != text || isOpen else { return false }
        // Somebody's file without a grant's line is none of Curfew's business.
        if wanted.isEmpty, !Self.isMarked(bytes) { return false }
        do {
            try AtomicFile.write(text, to: file, mode: 0o644, replacing: .marked(Self.isMarked))
        } catch {
            guard error.code == .unmanaged, Self.isPlain(file) else { throw error }
            throw DriverError(
                .failed, operation: "write", subject: file,
                "it is not Curfew's; move its lines away, or hand it over by adding the line '\(Self.marker)'")
        }
        return true
    }

    private static func isPlain(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Lines that Curfew did not write and that let somebody in; a file that cannot be read counts as one.
    func foreign() -> [(file: String, line: String)] {
        accounts().flatMap { account -> [(String, String)] in
            let file = "\(path)/\(account)"
            do {
                return try readLines(account).filter { line in
                    let text = line.drop { $0 == " " || $0 == "\t" }
                    return !text.isEmpty && !text.hasPrefix("#") && !Self.isOurs(line)
                }.map { (file, $0) }
            } catch { return [(file, "it cannot be read: \(error)")] }
        }
    }

    /// Removes one such line.
    func remove(_ line: String, of file: String) throws {
        let account = file.dropFirst(path.utf8.count + 1)
        guard file.hasPrefix(path + "/"), !account.isEmpty, !account.contains("/"), account != "..", account != ".",
            let bytes = try PlainFile.read(file, limit: Self.limit)
        else {
            throw DriverError(.unsupported, operation: "remove", subject: file, "it is no line of a principals file")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let kept = text.split(separator: "\n", omittingEmptySubsequences: false).filter { $0 != line }
        try AtomicFile.write(Array(kept.joined(separator: "\n").utf8), to: file, mode: 0o644)
    }
}
