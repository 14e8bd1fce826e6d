import CurfewModel

extension Engine {
    /// The generation is good (or there is nothing beside it): keep the right number of sound instances, replace the
    /// unsound ones healthy one first, and remove what is left of other generations.
    mutating func keepUp(waiting: String? = nil) -> RolloutDecision {
        let goods = new.filter { $0.standing.isPromising }
        let victims = surplus(of: goods)
        let keepers = goods.filter { !victims.contains($0) }
        let serving = keepers.filter { $0.standing == .ready }
        let shown = traffic.exists && !exposed.isEmpty ? serving.count { traffic.isActive($0.id) } : serving.count
        let stopgaps = Array(lastResorts().prefix(max(0, replicas - shown)))
        // An unhealthy instance gets traffic only when the alternative is none at all.
        var active = serving + stopgaps.filter { if case .unhealthy = $0.standing { false } else { true } }
        if active.isEmpty { active = stopgaps }

        var leaving = victims.map { Removal(member: $0, reason: "one more than the \(replicas) that are wanted") }
        for member in new + old where !goods.contains(member) || member.instance.generation != generation {
            guard !stopgaps.contains(member) else { continue }
            let reason = member.standing.fault ?? "succeeded by generation \(generation?.short ?? "")"
            leaving.append(Removal(member: member, reason: reason))
        }
        var missing = replicas - keepers.count
        var text = waiting
        if waiting != nil { missing = 0 }
        if policy.strategy == .recreate { missing = min(missing, replicas - (new.count + old.count)) }
        var keepsExited = false
        if missing > 0, !isTrial, let pause = restartPause() {
            text = "\(missing) to be restarted in \(pause - now), after ending early"
            wakes.append(pause)
            (missing, keepsExited) = (0, true)
        }
        start(missing, beside: max(replicas, new.count + old.count - keepers.count))
        if text == nil && serving.count < replicas { text = "\(serving.count) of \(replicas) healthy" }
        return finish(
            active.map { Share($0) }, removing: leaving, moved: true, text: text, keepsExited: keepsExited)
    }

    /// Those that are too many: first those that are not ready, then the youngest.
    func surplus(of goods: [Member]) -> [Member] {
        let count = goods.count - replicas
        guard count > 0 else { return [] }
        let order = goods.sorted {
            ($0.standing == .ready) != ($1.standing == .ready) ? $1.standing == .ready : Member.older($1, $0)
        }
        return Array(order.prefix(count))
    }

    /// What may go on until there is something better, best first: sound instances of other generations, tampered ones,
    /// unhealthy ones; of each only what gets traffic now. With `recreate` nothing runs beside its successor.
    private func lastResorts() -> [Member] {
        guard policy.strategy != .recreate else { return [] }
        let candidates = (old + new.filter { !$0.standing.isPromising }).filter {
            !$0.standing.isPending && (!traffic.exists || traffic.mayBeActive($0.id))
                && (memory.drainingSince[$0.id] == nil || traffic.isActive($0.id))
        }
        func rank(_ member: Member) -> Int {
            switch member.standing {
            case .ready: 0
            case .tampered: 1
            default: 2
            }
        }
        return candidates.sorted { rank($0) != rank($1) ? rank($0) < rank($1) : Member.older($0, $1) }
    }

    /// When the next replacement may be started, `nil` = now. Replacements that end early are started ever later: after
    /// 1 s, 2 s, 4 s … 60 s. A replacement that lasted ends the row.
    private mutating func restartPause() -> Instant? {
        let fallen = members.filter {
            $0.instance.generation == generation && $0.instance.foreign == nil && $0.standing.fault != nil
        }
        guard !fallen.isEmpty || input.artifactFailure != nil else { return nil }
        if let last = memory.restarts.last,
            input.artifactFailure != nil || fallen.contains(where: { $0.instance.createdAt + .seconds(1) >= last })
        {
            let pause = Span.seconds(min(60, 1 << Int64(min(memory.restarts.count - 1, 6))))
            let next = last + pause
            if now < next { return next }
            if now <= next + .seconds(10) {
                memory.restarts = (memory.restarts + [now]).suffix(8)
                return nil
            }
        }
        memory.restarts = [now]
        return nil
    }

    /// Asks for `count` starts, but never so many that more than twice the wanted number (and the surge) would be alive.
    mutating func start(_ count: Int, beside others: Int) {
        var surge = 0
        if case .rolling(let more) = policy.strategy { surge = max(1, more) }
        let room = max(others, replicas) + replicas + surge - (new.count + old.count)
        starts = max(0, min(count, room))
    }
}
