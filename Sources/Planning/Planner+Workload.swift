import CurfewModel

extension Planner {
    /// Adds the step or the hold of one desired workload; nothing when it is as it should be.
    static func assess(_ name: Name, _ desired: DesiredWorkload, _ input: PlanInput, into draft: inout Draft) {
        if !input.observed.unreachable.isEmpty, let reason = input.observed.unreachable[desired.workload.runtime] {
            draft.holds.append(
                PlanHold(
                    workload: name, reason: .unreachableRuntime,
                    explanation: Explanation.unreachable(name, runtime: desired.workload.runtime, reason)))
            return
        }
        var instances = input.observed.instances[name] ?? []
        if let warm = input.memory[name]?.warm, warm.until > input.now, warm.generation != desired.generation {
            instances.removeAll { $0.generation == warm.generation && Condition($0, input.observed.health) == .sound }
        }
        guard !isConverged(desired, instances, input.observed) else { return }
        if let hold = failureHold(name, desired, input) {
            draft.holds.append(hold)
            return
        }
        draft.steps.append(step(name, desired, instances, input))
    }

    /// The common case, decided without building anything: the right number of sound instances of the right generation.
    private static func isConverged(_ desired: DesiredWorkload, _ instances: [ObservedInstance], _ observed: Observation)
        -> Bool
    {
        guard instances.count == desired.workload.replicas else { return false }
        // By index, since taking a copy of each would cost more than looking at it.
        for index in instances.indices {
            guard instances[index].state == .running || instances[index].state == .starting,
                instances[index].tampered == nil, instances[index].foreign == nil,
                instances[index].generation == desired.generation
            else { return false }
            if case .unhealthy? = observed.health[instances[index].id] { return false }
        }
        return true
    }

    private static func failureHold(_ name: Name, _ desired: DesiredWorkload, _ input: PlanInput) -> PlanHold? {
        guard let memory = input.memory[name], memory.lastGood != desired.generation,
            let failure = memory.failures[desired.generation]
        else { return nil }
        // A clock that was set back must not stretch the pause: it is never longer than an hour.
        let until = min(failure.nextTry, input.now + .seconds(3600))
        guard until > input.now else { return nil }
        return PlanHold(
            workload: name, reason: .failedGeneration,
            explanation: Explanation.failed(name, desired.generation, failure, pause: until - input.now), until: until)
    }

    private static func step(
        _ name: Name, _ desired: DesiredWorkload, _ instances: [ObservedInstance], _ input: PlanInput
    ) -> PlanStep {
        let replicas = desired.workload.replicas
        let ours = instances.filter { $0.foreign == nil }
        let old = ours.filter { $0.generation != desired.generation }
        var drift = instances.sorted { $0.id < $1.id }.compactMap { Condition($0, input.observed.health).drift(of: $0.id) }
        let sound = ours.filter { $0.generation == desired.generation && Condition($0, input.observed.health) == .sound }
        if sound.count < replicas {
            drift.insert(Drift(.missing, detail: "\(sound.count) of \(replicas) run"), at: 0)
        }
        // The youngest are the ones too many: the order in which Rollout takes them.
        for extra in sound.sorted(by: { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }).prefix(max(0, sound.count - replicas))
        {
            drift.append(Drift(.extra, instance: extra.id, detail: "\(sound.count) run, \(replicas) are wanted"))
        }
        let from = generations(of: ours)
        var step = PlanStep(
            kind: .create, workload: name, from: from, to: desired.generation, drift: drift, explanation: "")
        let faults = drift.filter { $0.kind != .missing && $0.kind != .extra }
        if ours.isEmpty && (faults.isEmpty || replicas > 0) {
            step.kind = .create
            step.explanation = Explanation.create(name, desired, input.attributions[name])
        } else if !old.isEmpty {
            step.kind = .replace
            let parts = old.first { $0.generation == from.first { $0 != desired.generation } }?.parts ?? [:]
            step.explanation = Explanation.replace(
                name, from: from.filter { $0 != desired.generation }, desired, oldParts: parts, input.attributions[name])
        } else if !faults.isEmpty {
            step.kind = .repair
            step.explanation = Explanation.repair(name, faults)
        } else {
            step.kind = .resize
            step.explanation = "resize \(name): \(ours.count) → \(replicas)"
        }
        if step.kind == .create || step.kind == .replace {
            step.waitsFor = Set(desired.workload.dependsOn).filter { !isReady($0, input) }.sorted()
        }
        return step
    }

    /// Whether what others depend on is healthy, in full number, at its desired generation.
    private static func isReady(_ name: Name, _ input: PlanInput) -> Bool {
        guard let desired = input.desired.workloads[name], input.observed.unreachable[desired.workload.runtime] == nil else {
            return false
        }
        let ready = (input.observed.instances[name] ?? []).count { instance in
            guard instance.generation == desired.generation, instance.state == .running,
                Condition(instance, input.observed.health) == .sound
            else { return false }
            if desired.workload.health == nil { return true }
            // After a restart of the daemon nothing has been probed yet; what gets traffic was healthy before.
            return input.observed.health[instance.id]?.isHealthy ?? false || input.observed.edge?.isServing(instance) ?? false
        }
        return ready >= desired.workload.replicas
    }

    /// Distinct generations, the one with most instances first.
    static func generations(of instances: [ObservedInstance]) -> [Generation] {
        let counts = instances.reduce(into: [:]) { $0[$1.generation, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }
}

extension ObservedEdge {
    /// Whether new connections reach the instance.
    fileprivate func isServing(_ instance: ObservedInstance) -> Bool {
        instance.endpoints.keys.contains { port in
            guard let server = listeners[ListenerKey(workload: instance.workload, port: port)]?.servers[instance.id] else {
                return false
            }
            return server.weight > 0 && !server.draining
        }
    }
}
