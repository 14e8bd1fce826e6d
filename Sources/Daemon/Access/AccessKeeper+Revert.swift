import CurfewGitSource
import CurfewJournal
import CurfewModel

extension AccessKeeper {
    /// Removes all that has ended from the branch: one commit for everything, with what was found in its message.
    func revert(now: Instant) async {
        let ended = store.records.values.filter { $0.phase == .ended }.sorted { $0.id < $1.id }
        guard !ended.isEmpty, isDue("revert", now: now) else { return }
        let files = Dictionary(ended.map { ($0.path, $0.id.blob) }) { first, _ in first }
        do {
            let push = parts.push
            let commit = try await parts.mirror.deleteAndPush(files, message: Self.message(ended), at: now, attempts: 5) {
                try await push.admit($0)
            }
            // A tip without them may be one that is not accepted: as long as they are on the branch that is, they are not done with.
            let accepted = Set(grants.files.map(\.id))
            let left = commit == nil ? ended.filter { accepted.contains($0.id) } : []
            for record in ended where !left.contains(where: { $0.id == record.id }) {
                store[record.id]?.phase = .closed
                await self.record(
                    "grant.reverted", about: record,
                    commit.map { "\(record.id.name) was taken off the branch with \($0.short)" }
                        ?? "\(record.id.name) is not on the branch any more")
            }
            await save()
            guard left.isEmpty else {
                let names = left.prefix(5).map(\.id.name.rawValue).joined(separator: ", ")
                problems["revert"] =
                    "\(names): ended, and taken off the branch when its tip contains what Curfew has accepted again"
                return retry("revert", now: now)
            }
            succeeded("revert")
            if commit != nil { parts.landed() }
        } catch let refusal as OwnPush.Refusal {
            let paths = files.keys.sorted().prefix(20).map(\.shown)
            let text =
                "ended grants are not taken off the branch: \(refusal); take them off yourself: `git rm -r -- \(paths.joined(separator: " "))`, `git commit -S`, and push"
            if problems["revert"] != text { await record("revert.impossible", text) }
            problems["revert"] = text
            retry("revert", now: now)
        } catch {
            problems["revert"] = "ended grants cannot be taken off the branch yet: \(error)"
            retry("revert", now: now)
        }
    }

    /// The message of such a commit; every word that comes from outside is one line without control characters.
    static func message(_ records: [GrantRecord]) -> String {
        let names = records.map(\.id.name.rawValue)
        let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
        var lines = ["Revert \(names.count == 1 ? "grant" : "grants") \(shown)", ""]
        // A thousand ends make one commit, not a message of a megabyte.
        for record in records.prefix(200) {
            lines.append("\(record.id.name): \(record.isAttempt ? "refused" : "ended")")
            for reason in record.reasons.prefix(20) { lines.append("- \(reason.escapingControls.prefix(500))") }
            if let start = record.start, let end = record.end, !record.isAttempt {
                lines.append("- given to \(record.person?.rawValue ?? "?") from \(start.text) to \(end.text)")
            }
            for line in record.evidence.prefix(20) { lines.append("- \(line.escapingControls.prefix(500))") }
            lines.append("")
        }
        for record in records.prefix(200) { lines.append("Curfew-Grant: \(record.id.name) \(record.id.blob.hex)") }
        return lines.joined(separator: "\n")
    }

    /// Forgets what is closed, not on the branch and long over.
    func forget() async {
        let present = Set(grants.files.map(\.id)).union(verdicts.keys)
        let now = parts.clock.now
        var dropped = false
        for (id, record) in store.records where record.phase == .closed && !present.contains(id) {
            guard (record.end ?? record.firstSeen) + .seconds(31 * 86_400) < now, !record.waitsForReview else { continue }
            store[id] = nil
            dropped = true
        }
        if dropped { await save() }
    }
}
