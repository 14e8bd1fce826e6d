import CurfewModel

extension Engine {
    /// The generation to come has to prove itself beside the instances that serve now.
    mutating func advance() -> RolloutDecision {
        let waiting = input.waitsFor.isEmpty ? nil : "waits for \(input.waitsFor.map(\.rawValue).joined(separator: ", "))"
        if policy.strategy == .recreate && !old.isEmpty { return waiting == nil ? makeRoom() : standBack(waiting) }
        let serving = servingOld(revives: ready.count < replicas)
        guard !serving.isEmpty else { return keepUp(waiting: waiting) }

        let goods = new.filter { $0.standing.isPromising }
        let victims = surplus(of: goods)
        let keepers = goods.filter { !victims.contains($0) }
        let prepared = keepers.filter { $0.standing == .ready }
        var leaving = victims.map { Removal(member: $0, reason: "one more than the \(replicas) that are wanted") }
        let begun = prepared.filter { traffic.exists && traffic.mayBeActive($0.id) }
        let carrying = serving.count { isProven($0) && (!traffic.exists || traffic.isActive($0.id)) }
        // Tampered ones go when they are not needed for the number any more, like everywhere else.
        let helpers = Array(
            new.filter { isTamperedButServes($0) }
                .prefix(prepared.count < replicas ? max(0, replicas - carrying - begun.count) : 0))
        leaving += new.filter { !$0.standing.isPromising && !helpers.contains($0) }.map {
            Removal(member: $0, reason: $0.standing.fault ?? "")
        }
        // Of the proven generation, what has not been asked yet may turn out to serve: it goes with the others.
        let spare = old.filter {
            $0.standing == .unknown && $0.instance.generation == memory.lastGood && !serving.contains($0)
        }
        leaving += old.filter { !serving.contains($0) && !spare.contains($0) }.map(superseded)
        let missing = waiting == nil ? replicas - keepers.count : 0
        let progress = waiting ?? "\(prepared.count) of \(replicas) of generation \(generation?.short ?? "") healthy"

        // What is kept warm has been through this before: going back to it is a switch.
        if case .canary(let steps) = policy.strategy, memory.warm?.generation != generation, traffic.exists, !prepared.isEmpty,
            prepared.count >= replicas || !begun.isEmpty, let weight = canaryWeight(steps, prepared)
        {
            start(missing, beside: trimmed(serving).count)
            return finish(
                shares(new: prepared + helpers, old: serving, percent: weight), removing: leaving, moved: false,
                text: "canary: \(weight) % of the traffic")
        }
        if prepared.count >= replicas {
            return finish(
                prepared.map { Share($0) }, removing: leaving + (serving + spare).map(superseded), moved: true, text: nil)
        }
        guard case .rolling(let surge) = policy.strategy else {
            start(missing, beside: trimmed(serving).count)
            // If the old ones have become too few, new ones that get traffic already keep it.
            let proven = begun.prefix(max(0, replicas - carrying))
            return finish((serving + proven + helpers).map { Share($0) }, removing: leaving, moved: false, text: progress)
        }
        // As many old ones may go as new ones are seen to serve.
        let shown = traffic.exists ? prepared.count { traffic.isActive($0.id) } : prepared.count
        let order = serving.sorted {
            isProven($0) != isProven($1) ? isProven($1) : Member.older($0, $1)
        }
        let carried = traffic.exists ? serving.count { traffic.isActive($0.id) } : serving.count
        let going = order.prefix(max(0, shown + carried - replicas))
        // Tampered ones are not counted: they wait for the successors that could otherwise not be started.
        let counted = (new + old).count { if case .tampered = $0.standing { false } else { true } }
        start(min(missing, replicas + max(1, surge) - counted), beside: trimmed(serving).count)
        return finish(
            (prepared + helpers + serving.filter { !going.contains($0) }).map { Share($0) },
            removing: leaving + going.map(superseded), moved: false, text: progress)
    }

    /// The generation has failed, or may not start yet: what serves goes on with all the traffic, and nothing is started.
    mutating func standBack(_ waiting: String? = nil) -> RolloutDecision {
        var active = servingOld(revives: true)
        if active.isEmpty {
            active = ready
        } else if isRolling {
            // Half-way through, some old ones are gone for good: the service keeps its size on what has proven healthy.
            active += ready.filter { traffic.mayBeActive($0.id) }.prefix(max(0, replicas - active.count))
        }
        if active.isEmpty { active = old.filter { traffic.mayBeActive($0.id) && !$0.standing.isPending } }
        let leaving = (new + old).filter { !active.contains($0) }.map { member in
            Removal(
                member: member,
                reason: member.standing.fault
                    ?? (member.instance.generation == generation ? "its generation has failed" : superseded(member).reason))
        }
        if waiting == nil, let generation, let failure = memory.failures[generation] {
            wakes.append(failure.nextTry)
            var decision = finish(active.map { Share($0) }, removing: leaving, moved: false, text: nil)
            decision.phase = .failed(failure.reason)
            return decision
        }
        return finish(active.map { Share($0) }, removing: leaving, moved: false, text: waiting)
    }

    /// recreate: the old ones go before anything is started.
    private mutating func makeRoom() -> RolloutDecision {
        finish([], removing: (old + new).map(superseded), moved: false, text: "the old instances end first")
    }

    private func superseded(_ member: Member) -> Removal {
        Removal(
            member: member,
            reason: member.standing.fault.map { "\($0)" } ?? "succeeded by generation \(generation?.short ?? "")")
    }

    /// Instances of other generations that carry the service until the new ones can: never the abandoned ones of a rollout
    /// that was pre-empted before it got traffic. `revives`: also those that were about to go, if there is nobody else.
    func servingOld(revives: Bool) -> [Member] {
        let sound = old.filter { member in
            if case .unhealthy = member.standing { return false }
            return member.standing != .starting
        }
        let proven = sound.filter { $0.instance.generation == memory.lastGood }
        var serving: [Member]
        if traffic.exists {
            serving = sound.filter { member in
                traffic.mayBeActive(member.id) || member.standing == .ready && member.instance.generation == memory.lastGood
            }.filter { memory.drainingSince[$0.id] == nil || traffic.isActive($0.id) }
            if serving.isEmpty && (revives || !ready.contains { traffic.isActive($0.id) }) {
                serving = sound.filter { $0.standing == .ready || traffic.isPresent($0.id) }
                // The edge and all knowledge are lost at once: who has not been asked yet is not sent away.
                if serving.isEmpty && ready.isEmpty { serving = sound }
                if serving.contains(where: { $0.instance.generation == memory.lastGood }) {
                    serving.removeAll { $0.instance.generation != memory.lastGood }
                }
            }
        } else {
            serving = isRolling || proven.isEmpty ? sound.filter { $0.standing != .unknown || proven.isEmpty } : proven
        }
        // Just after a restart nobody can tell the good from the bad: all that serve go on until they have been asked.
        guard serving.allSatisfy({ $0.standing != .ready || isProven($0) }) else { return serving }
        // Enough of the proven ones: an abandoned canary's share goes back to them.
        let known = serving.filter { $0.instance.generation == memory.lastGood }
        let carrying = known.count { isProven($0) && (!traffic.exists || traffic.isActive($0.id)) }
        return carrying >= max(1, replicas) ? known : trimmed(serving)
    }

    /// Whether it is known, not only supposed, to be healthy.
    private func isProven(_ member: Member) -> Bool {
        guard member.standing == .ready else { return false }
        let isOfNew = member.instance.generation == generation
        let check = isOfNew ? input.desired?.workload.health : member.instance.health
        return check == nil || input.health[member.id]?.isHealthy ?? false
    }

    /// What several generations left behind, cut down to the size of the largest or what is wanted, best first.
    private func trimmed(_ serving: [Member]) -> [Member] {
        let sizes = serving.reduce(into: [:]) { $0[$1.instance.generation, default: 0] += 1 }
        let size = max(replicas, sizes.values.max() ?? 0)
        guard serving.count > size else { return serving }
        func rank(_ member: Member) -> Int {
            if case .unhealthy = input.health[member.id] { return 3 }
            return member.instance.generation == memory.lastGood ? 0 : member.standing == .ready ? 1 : 2
        }
        let order = serving.sorted { rank($0) != rank($1) ? rank($0) < rank($1) : Member.older($0, $1) }
        return order.prefix(size).sorted(by: Member.older)
    }

    private func isTamperedButServes(_ member: Member) -> Bool {
        guard case .tampered = member.standing, traffic.exists, traffic.mayBeActive(member.id) else { return false }
        if case .unhealthy = input.health[member.id] { return false }
        return true
    }

    private var isRolling: Bool { if case .rolling = policy.strategy { true } else { false } }
}
