public import CurfewDrivers
public import CurfewModel
import CurfewSystem

extension SSHBackend {
    /// Whether grants that may be used or were used today have to be watched.
    private var isBusy: Bool {
        let limit = now() + .seconds(-3600)
        return issued.values.contains { $0.end > limit }
    }

    /// Polls the log twice a second while there are grants: a login in a log that others can write to counts only if its
    /// connection is seen.
    func watch() {
        guard watcher == nil, log?.isCheap == true else { return }
        watcher = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(500))
                guard let self else { return }
                await self.pollIfBusy()
            }
        }
    }

    private func pollIfBusy() { if isBusy { _ = pollLog() } }

    /// Reads the log, and writes down which sessions belong to which grant. Whether it could be read.
    func pollLog() -> Bool {
        guard log?.refresh() == true else { return false }
        for (id, record) in issued {
            let found = (log?.ledger.entries(of: id) ?? []).filter { $0.standing == .verified }.compactMap { entry in
                entry.session.map { KnownSession(entry.login, $0) }
            }
            guard !found.isEmpty else { continue }
            var sessions = record.sessions ?? []
            for session in found { sessions.merge(session) }
            guard sessions != record.sessions ?? [] else { continue }
            issued[id]?.sessions = Array(sessions.suffix(50))
            try? issued[id]?.write(to: issuedFolder + "/\(id)", isDurable: false)
        }
        return true
    }

    /// The logins of these grants that are beyond doubt.
    private func ended(_ ids: some Sequence<GrantID>) -> [SessionSurvey.Ended] {
        let boot = BootTime.now().boot
        return ids.flatMap { id -> [SessionSurvey.Ended] in
            let record = issued[id]
            let issuedAt = record?.issued.map { $0.boot == boot ? $0.ticks : 0 } ?? 0
            let seen = (log?.ledger.entries(of: id) ?? []).filter { $0.standing == .verified && $0.login.found.boot == boot }
                .map {
                    SessionSurvey.Ended(
                        user: $0.login.user, endpoint: $0.login.endpoint, session: $0.session?.process,
                        audit: $0.session?.audit ?? [], scopes: $0.session?.scopes ?? [],
                        after: $0.session?.process.started ?? max(issuedAt, $0.login.after?.ticks ?? 0))
                }
            let known = (record?.sessions ?? []).filter { $0.boot == boot }.map {
                SessionSurvey.Ended(
                    user: $0.user, endpoint: $0.endpoint, session: $0.process, audit: $0.audit, scopes: $0.scopes,
                    after: $0.process.started)
            }
            return seen + known
        }
    }

    /// What runs under these grants.
    func survey(_ ids: [GrantID]) -> SessionSurvey {
        let mine = ended(ids)
        guard !mine.isEmpty else { return SessionSurvey([], others: []) }
        // Whose access has ended as well has no claim to a process.
        let over = Set(issued.values.filter { $0.isRevoked || $0.end <= now() }.map(\.id)).union(ids)
        let accounts = Set(mine.map(\.user))
        let others = (log?.ledger.entries ?? []).filter { entry in
            accounts.contains(entry.login.user) && entry.standing == .verified
                && !over.contains { id in entry.login.certificate?.identity == "curfew:\(id)" }
        }
        return SessionSurvey(mine, others: others.map(\.login))
    }

    /// Ends the sessions of these grants with everything that was started in them. Blocks this backend's own queue for at most
    /// 5 s: by then the certificates are revoked.
    func terminate(_ ids: [GrantID]) -> Set<ProcessID> {
        guard configuration.cutSessions, log != nil else { return [] }
        _ = pollLog()
        guard !survey(ids).members.isEmpty else { return [] }
        return Processes.terminate { survey(ids).members }
    }

    public func evidence(_ id: GrantID) throws -> AccessEvidence {
        guard log != nil else { return AccessEvidence(used: nil) }
        let isRead = pollLog()
        let record = issued[id]
        let entries = log?.ledger.entries(of: id) ?? []
        let certain = entries.filter { $0.standing == .verified }.map(\.login)
        let known = record?.sessions ?? []
        var lines = certain.suffix(12).map(\.description)
        if certain.isEmpty {
            lines = known.suffix(12).map { "\($0.user) from \($0.endpoint.split(separator: " ").first ?? "?")" }
        }
        let doubtful = entries.filter { $0.standing != .verified }
        lines += doubtful.suffix(3).map { "unverified, anybody may have written it: \($0.login)" }
        let unclear = log?.ledger.unclear(about: id, accounts: record?.principals ?? [], since: record?.issued) ?? []
        lines += unclear.suffix(2).map { "a line of the log cannot be understood: \($0.prefix(160))" }
        if let since = record?.issued, !certain.isEmpty || !known.isEmpty {
            for account in Set(certain.map(\.user) + known.map(\.user)).sorted() {
                lines += Leftovers.find(account: account, since: since).prefix(4)
            }
        }
        if !certain.isEmpty || !known.isEmpty { return AccessEvidence(used: true, lines: Array(lines.prefix(20))) }
        let isWhole = isRead && log?.ledger.hasGap(since: record?.issued) == false
        let mayBeUsed = !doubtful.isEmpty || !unclear.isEmpty || !isWhole
        return AccessEvidence(used: mayBeUsed ? nil : false, lines: Array(lines.prefix(20)))
    }
}
