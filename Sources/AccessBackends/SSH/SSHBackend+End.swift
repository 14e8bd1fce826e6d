public import CurfewDrivers
public import CurfewModel
import Foundation
import Glibc

extension SSHBackend {
    /// One revocation list for all of them; then their lines and their sessions. What cannot be done stops nothing else.
    public func end(_ ids: [GrantID]) async throws {
        var problems: [String] = []
        func attempt(_ action: () throws -> Void) { do { try action() } catch { problems.append("\(error)") } }
        for id in ids { issued[id]?.isRevoked = true }
        attempt {
            // Nobody remembers issuing these, which may mean that the state was lost while they live.
            try adopt(ids.filter { issued[$0] == nil }.map(\.serial))
            try revoke()
        }
        // Not durable: after a power cut the list, which is, tells it as well.
        for id in ids {
            attempt { try issued[id]?.write(to: issuedFolder + "/\(id)", isDurable: false) }
        }
        if let principals {
            let accounts = Set(ids.flatMap { issued[$0]?.principals ?? [] })
            let isForgotten = ids.contains { issued[$0] == nil }
            for account in isForgotten ? accounts.union(principals.accounts()) : accounts {
                attempt { try writePrincipals(account, in: principals, ended: ids) }
            }
        }
        if configuration.cutSessions, log?.refresh() == true {
            SessionCutter.cut((log?.latest(of: ids) ?? [:]).values.flatMap { $0 })
        }
        problems += await Hook(words: configuration.hook).run(
            Set(ids).sorted().map { ($0, issued[$0]?.principals ?? []) })
        guard problems.isEmpty else {
            throw keygen.failure("end", "\(ids.count) grants", problems.prefix(5).joined(separator: "; "))
        }
        forgetOld()
    }

    /// Makes the list in place revoke what has to be; never fewer than it did, but for what is over.
    func revoke() throws {
        let inPlace = try list.read()
        let wanted = wantedSerials()
        guard let inPlace else { return try list.write(wanted, at: now()) }
        if !wanted.isSubset(of: inPlace.serials) { try list.write(wanted.union(inPlace.serials), at: now()) }
    }

    private func wantedSerials() -> Set<UInt64> {
        let limit = now() + .seconds(-86_400)
        return Set(issued.values.filter { $0.isRevoked && $0.end > limit }.map(\.id.serial)).union(adopted.keys)
    }

    /// Clears away what is over for two days: from the list first, so that no record is missing of what it revokes.
    private func forgetOld() {
        let limit = now() + .seconds(-2 * 86_400)
        let old = issued.values.filter { $0.end < limit }.map(\.id)
        guard !old.isEmpty else { return }
        if let inPlace = try? list.read(), inPlace.isPlain {
            let kept = inPlace.serials.subtracting(old.map(\.serial)).union(wantedSerials())
            if kept != inPlace.serials { guard (try? list.write(kept, at: now())) != nil else { return } }
        }
        for id in old {
            unlink(issuedFolder + "/\(id)")
            issued[id] = nil
        }
        log?.forget(old)
    }

    public func probe(_ ids: [GrantID]) throws -> [GrantID: AccessProbe] {
        let revoked = try list.read()?.serials ?? []
        let moment = now()
        let sessions = liveSessions(of: ids)
        var result: [GrantID: AccessProbe] = [:]
        for id in ids {
            if let login = sessions[id] {
                result[id] = .alive("a session of \(login) is open, or left a process")
            } else if revoked.contains(id.serial) {
                result[id] = .gone("serial \(id.serial) is on the revocation list")
            } else if let end = issued[id]?.end, end <= moment {
                result[id] = .gone("the certificate's time is over since \(end.text)")
            } else {
                result[id] = .alive("serial \(id.serial) is not on the revocation list")
            }
        }
        return result
    }

    /// A login of each grant that still has processes here.
    private func liveSessions(of ids: [GrantID]) -> [GrantID: Login] {
        guard configuration.cutSessions, log?.refresh() == true, let latest = log?.latest(of: ids), !latest.isEmpty else {
            return [:]
        }
        let all = latest.values.flatMap { $0 }
        let look = SessionCutter(for: all)
        // Mostly there is none: one look for all of them.
        guard !look.victims(of: all).isEmpty else { return [:] }
        return latest.compactMapValues { logins in logins.first { !look.victims(of: [$0]).isEmpty } }
    }

    /// Writes one account's file from the grants that live.
    func writePrincipals(_ account: String, in folder: PrincipalsFolder, ended: [GrantID] = []) throws {
        let moment = now()
        let records = issued.values.filter { $0.principals.contains(account) }
        let over = records.filter { $0.isRevoked || $0.end <= moment }.map(\.id) + ended
        try folder.write(
            account, live: records.filter { !$0.isRevoked && $0.end > moment }, ended: Set(over.map { "curfew-\($0)" }),
            now: moment)
    }
}
