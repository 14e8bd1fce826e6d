import CurfewDrivers
import CurfewModel
import CurfewSystem
import Glibc

extension SSHBackend {
    /// Writes again what was damaged or lost: sshd refuses everybody without a revocation list that it can read, and lets in
    /// whom an older one does not name.
    func repair() {
        do {
            if let reason = try revoke() { note("the revocation list \(configuration.krl) \(reason) and was written again") }
        } catch { note("the revocation list \(configuration.krl) cannot be written: \(error)") }
        guard let principals else { return }
        let moment = now()
        let accounts = Set(issued.values.filter { !$0.isRevoked && $0.end > moment }.flatMap(\.principals))
        for account in accounts.sorted() {
            do {
                if try writePrincipals(account, in: principals) {
                    note("\(principals.path)/\(account) was not as the grants have it and was written again")
                }
            } catch { note("\(principals.path)/\(account) cannot be written: \(error)") }
        }
    }

    private func note(_ repair: String) {
        if repairs.last != repair { repairs.append(repair) }
        if repairs.count > 20 { repairs.removeFirst() }
    }

    /// What is wrong with the revocation list just now.
    var listProblem: String? {
        var file = list
        do {
            switch try file.state() {
            case .list: return nil
            case .missing: return "\(configuration.krl) is missing, so that sshd refuses everybody"
            case .damaged(let reason): return "\(configuration.krl) cannot be read, so that sshd refuses everybody: \(reason)"
            }
        } catch { return "\(configuration.krl) cannot be used: \(error)" }
    }

    /// Makes the list in place revoke what has to be; never fewer than it did, but for what is over.
    /// - Returns: what was wrong with it; `nil` when nothing was or a new grant was to be added.
    @discardableResult
    func revoke() throws -> String? {
        let wanted = wantedSerials()
        switch try list.state() {
        case .missing:
            try list.write(wanted, at: now())
            return "was missing"
        case .damaged:
            try list.write(wanted, at: now())
            return "was damaged"
        case .list(let inPlace):
            let isOpen = list.isOpenToOthers
            guard isOpen || !wanted.isSubset(of: inPlace.serials) else { return nil }
            try list.write(wanted.union(inPlace.serials), at: now())
            return isOpen ? "could be written by others" : "lacked revocations"
        }
    }

    func wantedSerials() -> Set<UInt64> {
        let limit = now() + .seconds(-86_400)
        return Set(issued.values.filter { $0.isRevoked && $0.end > limit }.map(\.id.serial)).union(adopted.keys)
    }

    /// Clears away what is over for two days: from the list first, so that no record is missing of what it revokes.
    func forgetOld() {
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

    /// Writes one account's file from the grants that live. Whether it had to be written.
    @discardableResult
    func writePrincipals(_ account: String, in folder: PrincipalsFolder, ended: [GrantID] = []) throws -> Bool {
        let moment = now()
        let records = issued.values.filter { $0.principals.contains(account) }
        let over = records.filter { $0.isRevoked || $0.end <= moment }.map(\.id) + ended
        return try folder.write(
            account, live: records.filter { !$0.isRevoked && $0.end > moment }, ended: Set(over.map { "curfew-\($0)" }),
            now: moment)
    }
}
