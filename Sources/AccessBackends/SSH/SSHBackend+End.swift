public import CurfewDrivers
public import CurfewModel
import CurfewSystem

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
        let left = terminate(ids)
        if !left.isEmpty { problems.append("processes \(Self.shown(left)) do not end") }
        problems += await Hook(words: configuration.hook).run(
            Set(ids).sorted().map { ($0, issued[$0]?.principals ?? []) })
        guard problems.isEmpty else {
            throw keygen.failure("end", "\(ids.count) grants", problems.prefix(5).joined(separator: "; "))
        }
        forgetOld()
    }

    public func probe(_ ids: [GrantID]) throws -> [GrantID: AccessProbe] {
        let revoked = try list.read()?.serials ?? []
        let moment = now()
        let sessions = left(by: ids)
        var result: [GrantID: AccessProbe] = [:]
        for id in ids {
            if let session = sessions[id] {
                result[id] = .alive(session)
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

    /// What each of these still has running here, in words.
    private func left(by ids: [GrantID]) -> [GrantID: String] {
        guard configuration.cutSessions, log != nil, pollLog() else { return [:] }
        var result: [GrantID: String] = [:]
        for id in ids {
            // A connection that two lines of the log claim is nobody's to end, and not over either.
            let disputed = (log?.ledger.entries(of: id) ?? []).compactMap {
                $0.standing == .disputed ? $0.session?.process : nil
            }
            .filter(\.isAlive)
            if !disputed.isEmpty {
                result[id] =
                    "the log says two things of who is logged in by process \(Self.shown(Set(disputed))); look, and end it by hand if it is theirs"
            }
        }
        // Mostly there is none: one survey for all of them.
        let all = survey(ids)
        guard !all.members.isEmpty || !all.doubtful.isEmpty else { return result }
        for id in ids {
            let own = survey([id])
            if !own.members.isEmpty {
                result[id] = "processes of its login run: \(Self.shown(own.members))"
            } else if !own.doubtful.isEmpty, result[id] == nil {
                result[id] =
                    "processes that it or another login of the account left run: \(Self.shown(own.doubtful)); end them by hand if they are not needed"
            }
        }
        return result
    }

    private static func shown(_ processes: Set<ProcessID>) -> String {
        let sorted = processes.sorted { $0.pid < $1.pid }
        let words = sorted.prefix(5).map { process in
            let words = Processes.arguments(of: process.pid).joined(separator: " ").prefix(60)
            return words.isEmpty ? "\(process.pid)" : "\(process.pid) (\(words.description.escapingControls))"
        }
        return words.joined(separator: ", ") + (sorted.count > 5 ? " and \(sorted.count - 5) more" : "")
    }
}
