import CurfewGates
import CurfewModel

extension AccessKeeper {
    /// Takes the verdicts over into the records, each change told once.
    func note(now: Instant) async {
        for file in grants.files {
            let entry = GrantHistory.Entry(path: file.path, blob: file.blob)
            var record = store[file.id] ?? GrantRecord(file, firstSeen: now)
            if record.broughtBy == nil { record.broughtBy = history.introduced[entry] }
            if record.phase == .closed {
                // Taken off already: the branch as it was fetched last does not show it yet.
                guard let commit = history.introduced[entry], commit != record.broughtBy else { continue }
                // It is back after it was reverted: the same bytes, and the same approvals. They count once.
                record = GrantRecord(file, firstSeen: now)
                (record.isAttempt, record.broughtBy) = (true, commit)
            }
            if history.replayed.contains(entry) || (record.isAttempt && record.phase == .seen) {
                await refuse(
                    &record, ["this grant was on the branch before and has ended; write a new one (another file content)"])
            } else if let verdict = verdicts[file.id] {
                record.tagsSeen = cases[file.id]?.tagsSeen
                await note(verdict, in: &record, now: now)
            }
            store[file.id] = record
        }
        for broken in grants.broken {
            let record = GrantRecord(broken, name: GrantRecord.name(for: broken.path), firstSeen: now)
            guard store[record.id] == nil else { continue }
            store[record.id] = record
            await self.record("grant.refused", "\(broken.path): \(record.reasons.joined(separator: "; "))")
        }
        await save()
    }

    /// Removed from the branch by a person: given back, or denied. Needs no verdict, and waits for none.
    func noteRemovals(now: Instant) {
        guard knownRevision != nil, problems["load"] == nil else { return }
        let present = Set(grants.files.map(\.id))
        let brokenPaths = Set(grants.broken.map(\.path)).union(grants.setAside.map(\.path))
        for (id, record) in store.records where !present.contains(id) && !brokenPaths.contains(record.path) {
            var record = record
            switch record.phase {
            case .given:
                (record.phase, record.reasons, record.due) = (.ending, ["taken off the branch"], now)
                events.append(
                    event("grant.revoked", about: record, "\(id.name) was taken off the branch before its end"))
            // With backends named it may have been given in part, just before a kill.
            case .seen: (record.phase, record.due) = (record.backends.isEmpty ? .closed : .ending, now)
            case .ending, .ended, .closed: continue
            }
            store[id] = record
        }
        ends.ring()
    }

    private func note(_ verdict: GrantVerdict, in record: inout GrantRecord, now: Instant) async {
        switch verdict.state {
        case .scheduled(let start, let end), .active(let start, let end):
            if record.phase == .seen, giving[record.id] == nil, record.backends.isEmpty {
                (record.start, record.end) = (start, end)
            }
            // A policy that allows less ends it earlier; none makes it longer.
            if record.phase == .given, let told = record.end, end < told {
                record.end = end
                await self.record(
                    "grant.shortened", about: record,
                    "\(record.id.name) ends at \(end.text) instead of \(told.text): the policy allows less")
            }
        case .ended(let moment):
            switch record.phase {
            case .given: await withdraw(&record, verdict, at: moment, now: now)
            case .seen:
                // Over before it could be made real, or known only from history: made sure of on the backends all the same.
                let role = policies.set.roles[record.role ?? record.id.name]
                record.backends = role?.binds.map(\.backend) ?? []
                (record.touches, record.replace) = (role?.touches ?? [], record.breakGlass ? .always : role?.replace ?? .never)
                (record.phase, record.reasons, record.due) = (.ending, ["its time is over"], moment)
            default: break
            }
        case .refused: if record.phase == .seen { await refuse(&record, verdict.reasons) }
        case .pending:
            // Approvals may still come, but not for ever.
            let duration = cases[record.id]?.file.grant.duration ?? .zero
            if record.phase == .seen, now - record.firstSeen > max(duration, .seconds(3600)) {
                await refuse(&record, verdict.reasons)
            }
        }
    }

    private func refuse(_ record: inout GrantRecord, _ reasons: [String]) async {
        guard record.phase == .seen else { return }
        let untouched = record.backends.isEmpty
        (record.phase, record.isAttempt, record.reasons) = (untouched ? .ended : .ending, untouched, reasons)
        record.due = parts.clock.now
        await self.record(
            "grant.refused", about: record, "\(record.id.name) gives no access: \(reasons.joined(separator: "; "))")
    }

    /// Writes what has changed. Returns after a moment although the disk hangs: the write is then still out, no second one
    /// begins, and nothing new is given.
    func save() async {
        if let saving {
            guard let outcome = await bounded(.seconds(3), { await saving.value }) else { return notSaved(nil) }
            if self.saving == saving { self.saving = nil }
            if let outcome { notSaved(outcome) }
        }
        // Taken before the wait: what changes meanwhile is written the next time.
        let changed = store.takeChanged()
        guard !changed.isEmpty else { return problems["records"] = nil }
        let (journal, facts) = (parts.journal, store.facts(of: changed))
        let write = Task { () -> String? in
            do {
                try await journal.setFacts(facts)
                return nil
            } catch { return "\(error)" }
        }
        saving = write
        guard let outcome = await bounded(.seconds(3), { await write.value }) else {
            store.putBack(changed)
            return notSaved(nil)
        }
        if saving == write { saving = nil }
        if let outcome {
            store.putBack(changed)
            return notSaved(outcome)
        }
        problems["records"] = nil
    }

    private func notSaved(_ why: String?) {
        problems["records"] = "what is known of grants cannot be written: \(why ?? "no answer within 3 s")"
    }
}
