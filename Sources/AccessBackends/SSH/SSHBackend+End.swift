public import CurfewDrivers
public import CurfewModel
import Foundation
import Glibc

extension SSHBackend {
    /// One revocation list for all of them; then their sessions.
    public func end(_ ids: [GrantID]) async throws {
        var problems: [String] = []
        var changed: [GrantID] = []
        for id in ids {
            if issued[id]?.isRevoked == false {
                issued[id]?.isRevoked = true
                changed.append(id)
            }
        }
        // Serials of certificates that nobody remembers issuing count as well: the state may be lost while they live.
        let unknown = ids.filter { issued[$0] == nil }.map(\.serial)
        if !changed.isEmpty || !unknown.isEmpty {
            let inPlace = try keygen.revokedSerials() ?? []
            let wanted = revokedSerials().union(unknown).union(stillOf(inPlace))
            if wanted != inPlace { try keygen.writeList(revoked: wanted) }
        }
        for id in changed {
            do { try issued[id]?.write(to: issuedFolder + "/\(id)") } catch { problems.append("\(error)") }
        }
        try writePrincipals()
        if configuration.cutSessions {
            let serials = Dictionary(ids.map { ($0.serial, $0) }) { first, _ in first }
            for login in log?.allLogins() ?? [] {
                guard let id = serials[login.serial], login.identity == "curfew:\(id)" else { continue }
                SessionCutter.cut(login)
            }
        }
        for id in ids where !configuration.hook.isEmpty {
            if let problem = await Hook(words: configuration.hook).run(grant: id) { problems.append(problem) }
        }
        guard problems.isEmpty else {
            throw keygen.failure("end", "\(ids.count) grants", problems.prefix(5).joined(separator: "; "))
        }
        forgetOld()
    }

    /// Serials that have to be on the list: of what was ended and could still be used.
    func revokedSerials() -> Set<UInt64> {
        let limit = now() + .seconds(-86_400)
        return Set(issued.values.filter { $0.isRevoked && $0.end > limit }.map(\.id.serial))
    }

    /// Of the serials in place those that are not known to be over: they were revoked for a reason that may be forgotten.
    private func stillOf(_ inPlace: Set<UInt64>) -> Set<UInt64> {
        let limit = now() + .seconds(-86_400)
        let over = Set(issued.values.filter { $0.isRevoked && $0.end <= limit }.map(\.id.serial))
        return inPlace.subtracting(over)
    }

    private func forgetOld() {
        let limit = now() + .seconds(-2 * 86_400)
        for (id, record) in issued where record.isRevoked && record.end < limit {
            unlink(issuedFolder + "/\(id)")
            issued[id] = nil
        }
    }

    public func probe(_ ids: [GrantID]) throws -> [GrantID: AccessProbe] {
        let revoked = try keygen.revokedSerials()
        let live = configuration.cutSessions ? log?.allLogins().filter(SessionCutter.isAlive) ?? [] : []
        var result: [GrantID: AccessProbe] = [:]
        for id in ids {
            if let login = live.first(where: { $0.serial == id.serial && $0.identity == "curfew:\(id)" }) {
                result[id] = .alive("a session of \(login.user) from \(login.address) is open")
            } else if let end = issued[id]?.end, end <= now() {
                result[id] = .gone("the certificate's time is over, and its serial \(id.serial) is revoked")
            } else if revoked?.contains(id.serial) ?? false {
                result[id] = .gone("serial \(id.serial) is on the revocation list")
            } else {
                result[id] = .alive("serial \(id.serial) is not on the revocation list")
            }
        }
        return result
    }

    // MARK: Principals

    private static let marker = "# made by Curfew from grants; other lines are reported\n"

    /// Writes one file for each account that a live grant reaches: the hosts' own, second end.
    func writePrincipals() throws {
        guard let folder = configuration.principals else { return }
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        var files: [String: [String]] = [:]
        for record in issued.values.sorted(by: { $0.id < $1.id }) {
            for principal in record.principals {
                files[principal, default: []] +=
                    record.isRevoked || record.end <= now()
                    ? [] : ["expiry-time=\"\(Keygen.compact(record.end))\" curfew-\(record.id)"]
            }
        }
        for (principal, lines) in files {
            let path = folder + "/" + principal
            let foreign = foreignLines().filter { $0.file == path }.map(\.line)
            let text = Self.marker + (lines + foreign).map { $0 + "\n" }.joined()
            if (try? String(contentsOfFile: path, encoding: .utf8)) != text {
                try SafeFile.write(Data(text.utf8), to: path, mode: 0o644)
            }
        }
    }

    /// Lines that Curfew did not write.
    func foreignLines() -> [(file: String, line: String)] {
        guard let folder = configuration.principals else { return [] }
        var result: [(String, String)] = []
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        where !name.hasSuffix(".tmp") {
            let path = folder + "/" + name
            for line in ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n") {
                let text = String(line)
                if text.isEmpty || text.hasPrefix("#") || text.contains(" curfew-") { continue }
                result.append((path, text))
            }
        }
        return result
    }

    public func removeForeign(_ access: ObservedAccess) throws {
        guard access.grant == nil, let folder = configuration.principals, access.subject.hasPrefix(folder + "/"),
            let text = try? String(contentsOfFile: access.subject, encoding: .utf8)
        else {
            throw DriverError(.unsupported, operation: "remove", subject: access.subject, "it is no line of a principals file")
        }
        let kept = text.split(separator: "\n", omittingEmptySubsequences: false).filter { $0 != access.detail }
        try SafeFile.write(Data(kept.joined(separator: "\n").utf8), to: access.subject, mode: 0o644)
    }
}
