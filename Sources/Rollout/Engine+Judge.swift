import CurfewModel

extension Engine {
    /// The longest pause before a failed generation is tried again.
    static let longestPause = Span.seconds(3600)
    /// A limit that is noticed later than this after it passed went by while nobody was there to look: the daemon was
    /// down or the machine asleep. That is no fault of the generation, so its time begins anew.
    static let absence = Span.seconds(15)

    /// Begins the rollout of the generation to come, or finds out that it has failed.
    ///
    /// Only instances made since the rollout began are judged: what was there before (after a lost memory, say) is
    /// replaced, and its successors are judged.
    mutating func judge() {
        guard let generation else { return }
        guard var rollout = memory.rollout, rollout.generation == generation else {
            // While it may not start, its time does not run.
            memory.rollout =
                input.waitsFor.isEmpty ? .init(generation: generation, startedAt: now, stepSince: now) : nil
            return
        }
        if let why = input.artifactFailure {
            fail(Standing.quoted(why), [])
            return
        }
        let judged = members.filter {
            $0.instance.generation == generation && $0.instance.foreign == nil
                && $0.instance.createdAt + .seconds(1) >= rollout.startedAt
        }
        for member in judged {
            switch member.standing {
            case .exited, .unhealthy:
                let culprits = judged.filter { $0.standing.fault != nil && $0 != member }
                fail("\(member.id): \(member.standing.fault ?? "")", [member.id] + culprits.map(\.id))
                return
            case .unknown:
                guard let check = input.desired?.workload.health else { continue }
                let end = max(member.instance.createdAt, rollout.startedAt) + check.startup
                if end <= now && now <= end + Engine.absence {
                    fail("\(member.id): not healthy within its startup time of \(check.startup)", [member.id])
                    return
                }
                wakes.append(end)
            case .foreign, .tampered, .starting, .ready: continue
            }
        }
        guard ready.count < replicas else { return }
        if !input.waitsFor.isEmpty || policy.strategy == .recreate && !old.isEmpty {
            rollout.startedAt = now
            memory.rollout = rollout
        }
        let deadline = rollout.startedAt + allowance
        if deadline + Engine.absence < now {
            rollout.startedAt = now
            memory.rollout = rollout
        } else if deadline <= now {
            fail(
                "not done within \(allowance): \(ready.count) of \(replicas) healthy",
                new.filter { $0.standing != .ready }.map(\.id))
            return
        }
        wakes.append(rollout.startedAt + allowance)
    }

    /// The time that a rollout has: its deadline and the pauses of a canary.
    private var allowance: Span {
        guard case .canary(let steps) = policy.strategy, traffic.exists else { return policy.deadline }
        let pauses = steps.reduce(policy.deadline.milliseconds) { sum, step in
            let (next, overflow) = sum.addingReportingOverflow(step.pause.milliseconds)
            return overflow ? .max : next
        }
        return .milliseconds(pauses)
    }

    private mutating func fail(_ reason: String, _ culprits: [InstanceID]) {
        guard let generation else { return }
        let attempt = min((memory.failures[generation]?.attempts ?? 0), 1000) + 1
        let pause = min(Span.seconds(30 << Int64(min(attempt - 1, 7))), Engine.longestPause)
        memory.failures[generation] = .init(reason: reason, at: now, attempts: attempt, nextTry: now + pause)
        memory = memory.mended(now: now)
        memory.rollout = nil
        failure = RolloutFailure(
            generation: generation, reason: reason, instances: culprits, onFailure: policy.onFailure, attempt: attempt)
    }
}
