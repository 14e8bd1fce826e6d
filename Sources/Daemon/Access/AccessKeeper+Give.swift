import CurfewDrivers
import CurfewGates
import CurfewGitSource
import CurfewJournal
import CurfewModel

extension AccessKeeper {
    /// Longest time of one round, so that a thousand new grants delay the end of no other by more.
    private static let slice = Duration.milliseconds(250)

    /// Makes every active grant real that is not yet.
    func give(now: Instant) async {
        let limit = ContinuousClock.now + Self.slice
        hasMoreToGive = false
        var published: [String: Publication?] = [:]
        var given: [GrantID] = []
        for (id, verdict) in verdicts.sorted(by: { $0.key < $1.key }) {
            guard case .active(let start, let end) = verdict.state, var record = store[id], record.phase == .seen,
                isDue("give/\(id)", now: now), let file = cases[id]?.file, let person = policies.set.persons[file.grant.person],
                let role = policies.set.roles[file.grant.role]
            else { continue }
            guard ContinuousClock.now < limit else {
                hasMoreToGive = true
                break
            }
            // Written down before anything is given: a kill in between is found out and ended.
            (record.start, record.end, record.backends) = (start, end, role.binds.map(\.backend).uniqued())
            (record.touches, record.replace) = (role.touches, record.breakGlass ? .always : role.replace)
            store[id] = record
            await save()
            guard problems["records"] == nil else { return retry("give/\(id)", now: now) }
            do {
                var credentials: [Credential] = []
                for bind in role.binds {
                    guard let backend = parts.backends[bind.backend] else { continue }
                    credentials += try await backend.give(
                        AccessOrder(
                            id: id, person: person, settings: bind.with, start: start, end: end, reason: file.grant.reason))
                }
                if !credentials.isEmpty {
                    published["credentials/\(id.name)"] = Publication(
                        purpose: .credentials(grant: id.name, blob: id.blob, person: person.name), end: end,
                        files: try await parts.cipher.files(credentials, for: person))
                    record.hasCredentials = true
                }
                record.phase = .given
                store[id] = record
                given.append(id)
                succeeded("give/\(id)")
            } catch {
                // What was given all the same ends by itself and is looked for until then.
                problems["give/\(id)"] = "\(id.name) cannot be given: \(error)"
                retry("give/\(id)", now: now)
            }
        }
        guard !given.isEmpty else { return }
        await save()
        for id in given {
            guard let record = store[id], let end = record.end else { continue }
            let due = max(record.firstSeen, record.start ?? record.firstSeen)
            parts.telemetry.given(after: parts.clock.now - due)
            await self.record(
                "grant.given", about: record,
                "\(record.person?.rawValue ?? "?") has \(record.role?.rawValue ?? "?") until \(end.text) (\(id.name))",
                [
                    "approvedBy": (verdicts[id]?.approvedBy ?? []).map(\.rawValue).joined(separator: ", "),
                    "from": (record.start ?? record.firstSeen).timestamp, "until": end.timestamp,
                    "reason": record.purpose ?? "", "backends": record.backends.map(\.rawValue).joined(separator: ", "),
                    "touches": record.touches.map(\.rawValue).joined(separator: ", "),
                    "broughtBy": record.broughtBy?.hex ?? "", "breakGlass": "\(record.breakGlass)",
                ])
        }
        await publish(published, now: now)
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of its first place.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
