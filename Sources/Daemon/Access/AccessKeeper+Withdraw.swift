import CurfewGates
import CurfewGitSource
import CurfewModel

/// What a change of `policies/` takes away, and which commit it was.
extension AccessKeeper {
    /// Ends a live grant before its time is over, with the reason for its holder.
    func withdraw(_ record: inout GrantRecord, _ verdict: GrantVerdict, at moment: Instant, now: Instant) async {
        record.phase = .ending
        guard !verdict.reasons.isEmpty || record.end.map({ moment < $0 }) ?? false else {
            (record.reasons, record.due) = (["its time is over"], moment)
            return
        }
        let reasons = verdict.reasons.isEmpty ? ["policy no longer allows it"] : verdict.reasons
        // What the service's configuration takes away no commit did.
        let isByCommit = !verdict.gates.allSatisfy { $0.gate == "backend" || $0.passes == true }
        let by = isByCommit ? policyChange.map { " (by commit \($0.short))" } ?? "" : ""
        record.reasons = reasons.map { "ended because \($0)\(by)" }
        record.due = now
        await self.record(
            "grant.revoked", about: record, "\(record.id.name) is ended: \(reasons.joined(separator: "; "))\(by)",
            ["commit": isByCommit ? policyChange?.hex ?? "" : ""])
    }

    /// The policies under which each live grant was given, as far as they can still be read.
    func collectBases() async {
        var byTree: [ObjectID: PolicySet] = [:]
        for base in bases.values { if let tree = base.tree { byTree[tree] = base } }
        if let tree = policies.set.tree, !policies.isBroken { byTree[tree] = policies.set }
        for (id, record) in store.records where record.phase == .given && bases[id] == nil {
            if let tree = record.givenPolicies, let known = byTree[tree] {
                bases[id] = known
            } else if let commit = record.givenUnder, let loaded = try? await parts.trust.policies(at: commit) {
                bases[id] = loaded.set
                if let tree = loaded.set.tree { byTree[tree] = loaded.set }
            }
        }
        for id in bases.keys {
            guard let phase = store[id]?.phase, phase == .seen || phase == .given else {
                bases[id] = nil
                continue
            }
        }
    }

    /// Finds the newest commit above `before` that changed `policies/`: what it withdraws is ended in its name.
    func notePolicyChange(since before: ObjectID?, to next: ObjectID) async {
        let live = store.records.values.filter { $0.phase == .given }
        policyChange = nil
        guard let start = before ?? live.compactMap(\.givenUnder).first, start != next, !live.isEmpty else { return }
        guard let line = try? await parts.mirror.firstParents(from: next, until: start, limit: 200) else { return }
        for commit in line {
            guard let parent = commit.parents.first else { continue }
            let now = try? await parts.mirror.tree(at: commit.id).entry(at: "policies")?.id
            let old = try? await parts.mirror.tree(at: parent).entry(at: "policies")?.id
            if now != old { return policyChange = commit.id }
        }
    }
}
