import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

/// The folder of `AuthorizedPrincipalsFile <folder>/%u`: a file for each account, a line for each live grant. The hosts' own,
/// second end: a line carries its expiry, and a certificate whose line is gone is worth nothing.
struct PrincipalsFolder: Sendable {
    let path: String

    static let marker = "# made by Curfew from grants; other lines are reported"

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
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasSuffix(".tmp") }.sorted()
    }

    func lines(_ account: String) -> [String] {
        (SafeFile.text("\(path)/\(account)") ?? "").split(separator: "\n").map(String.init)
    }

    /// Writes one account's file: the lines of its grants, lines that are not Curfew's, and lines of grants that a lost
    /// state forgot, until their time is over or they are ended.
    func write(_ account: String, live: [IssuedCertificate], ended: Set<String>, now: Instant) throws {
        let wanted = live.map(Self.line).sorted()
        let known = Set(live.map { "curfew-\($0.id)" }).union(ended)
        let moment = Keygen.compact(now)
        let there = lines(account)
        let kept = there.filter { line in
            guard line != Self.marker else { return false }
            guard let (expiry, principal) = Self.parts(line) else { return true }
            return expiry > moment && !known.contains(principal)
        }
        let text = ([Self.marker] + wanted + kept).map { $0 + "\n" }.joined()
        // A file that would say nothing and is not there is not made.
        guard !wanted.isEmpty || !there.isEmpty, SafeFile.text("\(path)/\(account)") != text else { return }
        try SafeFile.write(Data(text.utf8), to: "\(path)/\(account)", mode: 0o644)
    }

    /// Lines that Curfew did not write and that let somebody in.
    func foreign() -> [(file: String, line: String)] {
        accounts().flatMap { account in
            lines(account).filter { line in
                let text = line.drop { $0 == " " || $0 == "\t" }
                return !text.isEmpty && !text.hasPrefix("#") && !Self.isOurs(line)
            }.map { ("\(path)/\(account)", $0) }
        }
    }

    /// Removes one such line.
    func remove(_ line: String, of file: String) throws {
        let account = file.dropFirst(path.utf8.count + 1)
        guard file.hasPrefix(path + "/"), !account.isEmpty, !account.contains("/"), account != "..", account != ".",
            let text = SafeFile.text(file)
        else {
            throw DriverError(.unsupported, operation: "remove", subject: file, "it is no line of a principals file")
        }
        let kept = text.split(separator: "\n", omittingEmptySubsequences: false).filter { $0 != line }
        try SafeFile.write(Data(kept.joined(separator: "\n").utf8), to: file, mode: 0o644)
    }
}
