import CurfewDrivers
import CurfewModel

/// An instance that has to go.
struct Removal {
    let member: Member
    let reason: String
}

extension Engine {
    /// Turns who serves and who leaves into listeners, stops and a phase.
    ///
    /// - Parameters:
    ///   - moved: the new generation's ports are the ones to listen on; before, the old generation's stay.
    ///   - text: what it is waiting for; `nil` = nothing that is not told by what is done.
    ///   - keepsExited: ended instances are not removed yet; they are what the restart pause is known by.
    mutating func finish(
        _ active: [Share], removing: [Removal], moved: Bool, text: String?, keepsExited: Bool = false
    ) -> RolloutDecision {
        let warm = warm(among: removing)
        let removing = removing.filter { !warm.contains($0.member.id) }
        if !warm.isEmpty, !isTrial, let end = memory.warm?.until { wakes.append(end) }
        var draining: [InstanceID: Instant] = [:]
        for removal in removing where traffic.isPresent(removal.member.id) || memory.drainingSince[removal.member.id] != nil {
            // An edge that is late, or silent, must not use up the time of the drain.
            let isTold = !traffic.isBlind && !traffic.isActive(removal.member.id)
            draining[removal.member.id] = isTold ? memory.drainingSince[removal.member.id] ?? now : now
        }
        memory.drainingSince = draining
        let listeners = listeners(active: active, moved: moved)
        let visible = traffic.shows(listeners)
        var left = 0
        for removal in removing {
            if mayStop(removal.member, visible: visible) {
                stops.append(.stop(removal.member.id, grace: grace(of: removal.member), reason: removal.reason))
            } else {
                left += 1
                if let since = draining[removal.member.id] { wakes.append(since + policy.drain) }
            }
        }
        for member in members {
            if member.instance.foreign != nil {
                stops.append(.stop(member.id, grace: .seconds(1), reason: member.standing.fault ?? "not ours"))
            } else if !member.standing.isAlive && !keepsExited {
                stops.append(.stop(member.id, grace: .seconds(1), reason: member.standing.fault ?? "ended"))
            }
        }
        let isShown = !traffic.exists || visible
        if !isShown || left > 0 && traffic.isBlind { wakes.append(now + .seconds(1)) }
        if let text { return decision(listeners, .progressing(text)) }
        if starts > 0 { return decision(listeners, .progressing("\(starts) to be started")) }
        if !isShown { return decision(listeners, .progressing("waits for the edge to move the traffic")) }
        if left > 0 { return decision(listeners, .progressing("\(left) to be drained")) }
        if !stops.isEmpty { return decision(listeners, .progressing("\(stops.count) to be stopped")) }
        if isTrial, !warm.isEmpty {
            // Those that stay are not waited for, so the end of the trial is.
            wakes.append(now + .seconds(1))
            return decision(listeners, .progressing("the traffic is being moved"))
        }
        return decision(listeners, .converged)
    }

    /// Whether an instance can go without a connection being lost: those who succeed it are seen to serve, it gets no new
    /// connections, and its old ones have ended or had their time. What is broken anyway is not waited for.
    private func mayStop(_ member: Member, visible: Bool) -> Bool {
        guard traffic.exists else { return true }
        let isSound = if case .unhealthy = member.standing { false } else { !member.standing.isPending }
        if traffic.isBlind {
            // The edge may do something else than it was told last, so only what cannot serve anyway goes.
            return !isSound && member.standing != .unknown && traffic.wasNeverTold(member.id)
        }
        if traffic.isActive(member.id) || isSound && !visible { return false }
        if !isSound || traffic.connections(of: member.id) == 0 { return true }
        guard let since = memory.drainingSince[member.id] else { return true }
        return since + policy.drain <= now
    }

    /// Time to end by itself once it is asked: a healthy instance may have work in hand, a broken one has not.
    private func grace(of member: Member) -> Span {
        switch member.standing {
        case .ready, .tampered: max(policy.drain, .seconds(1))
        default: .seconds(1)
        }
    }
}
