import CurfewGates
import CurfewModel

extension AccessKeeper {
    /// What the gates have to know of each grant on the branch. History is read once for each.
    func collectCases(_ approvals: [ApprovalTag], now: Instant) async throws {
        var tags: [ObjectID: [ObjectID]] = [:]
        for tag in approvals {
            // A tag of nobody's is not remembered: there may be any number.
            guard case .good(let key) = tag.signature, policies.set.person(signingWith: key) != nil else { continue }
            for target in tag.targets { tags[target, default: []].append(tag.id) }
        }
        for file in grants.files {
            let entry = GrantHistory.Entry(path: file.path, blob: file.blob)
            let record = store[file.id]
            var item: GrantCase
            if let known = cases[file.id] {
                item = known
            } else {
                guard let commit = history.introduced[entry] else { continue }
                let step = try await parts.mirror.step(commit)
                if let parent = step.commit.parents.first, parents[commit] == nil {
                    parents[commit] = try await parts.trust.policies(at: parent).set
                }
                let seen = record.flatMap { $0.phase == .closed ? nil : $0.firstSeen } ?? now
                item = GrantCase(
                    file: file, step: step, firstSeen: seen,
                    mergedAt: await mergedAt(step, seen: seen, isKnown: record != nil),
                    tagsSeen: record?.tagsSeen ?? [:])
            }
            // What its targets were told: no later approval moves it.
            item.endedEarly = record?.phase == .given ? record?.end : nil
            item.terms = record.flatMap { record in
                guard record.phase == .given, let start = record.start else { return nil }
                return GrantTerms(start: start, approvals: record.approvedWith)
            }
            item.isReplayed = history.replayed.contains(entry)
            let seen = item.tagsSeen
            item.tagsSeen = Dictionary((tags[file.blob] ?? []).map { ($0, seen[$0] ?? now) }) { first, _ in first }
            cases[file.id] = item
        }
        let present = Set(grants.files.map(\.id))
        for id in cases.keys where !present.contains(id) { cases[id] = nil }
        let steps = Set(cases.values.map(\.step.commit.id))
        for commit in parents.keys where !steps.contains(commit) { parents[commit] = nil }
    }

    /// When a request came onto the branch. What this process has not seen come may have lain there for as long as its own date
    /// and that of its parent say; anything else came when it was seen first, whatever it claims.
    private func mergedAt(_ step: BranchStep, seen: Instant, isKnown: Bool) async -> Instant {
        guard !isKnown, isFirstLoad else { return seen }
        var claimed = step.commit.committer.at
        if let parent = step.commit.parents.first {
            claimed = max(claimed, (try? await parts.mirror.commit(parent))?.committedAt ?? claimed)
        }
        return min(seen, claimed)
    }

    /// Who broke glass and waits for the review. A review that has come is written down: it counts although the reviewer's key
    /// runs out or the tag is removed.
    func breakGlass(_ approvals: [ApprovalTag], now: Instant) async -> BreakGlassHistory {
        var glass = BreakGlassHistory()
        for (id, record) in store.records where record.waitsForReview {
            guard let person = record.person, let role = record.role, let start = record.start else { continue }
            let use = BreakGlassUse(id: id, person: person, role: role, start: start)
            if let reviewer = use.reviewer(in: policies.set, approvals: approvals, rules: parts.trust.rules, now: now) {
                store[id]?.reviewedBy = reviewer
                problems["review/\(id)"] = nil
                await self.record("grant.reviewed", about: record, "\(reviewer) has reviewed the break-glass of \(id.name)")
            } else {
                let due = use.due(in: policies.set)
                glass.unreviewed[id] = .init(person: person, due: due)
                problems["review/\(id)"] =
                    "\(person) broke glass with \(id.name); \(due < now ? "the review is overdue since" : "a review is due until") \(due.text): somebody who may approve runs `curfew approve \(id.name)`"
            }
        }
        return glass
    }
}
