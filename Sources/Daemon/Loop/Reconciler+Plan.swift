import CurfewDrivers
import CurfewModel
import CurfewPlanning
import CurfewRollout

extension Reconciler {
    /// Workloads about which something may have to be decided.
    func namesToLookAt(previous: Observation) -> Set<Name> {
        let now = parts.clock.now
        if everythingIsDirty, let desired {
            everythingIsDirty = false
            dirty = []
            return Set(desired.workloads.keys).union(observation.instances.keys).union(views.keys)
        }
        var names = dirty.union(Attention.changed(from: previous, to: observation))
        for (name, view) in views {
            if case .progressing = view.phase {
                names.insert(name)
            } else if let due = view.wakeAt, due <= now {
                names.insert(name)
            }
        }
        if previous.unreachable.keys != observation.unreachable.keys {
            names.formUnion(desired?.workloads.keys.map { $0 } ?? [])
        }
        // Whoever depends on something that changed may start, or has to wait, now.
        if !names.isEmpty, let desired {
            for (name, workload) in desired.workloads where workload.workload.dependsOn.contains(where: names.contains) {
                names.insert(name)
            }
        }
        dirty = []
        return names
    }

    /// Plans and decides about `names`, remembers it, then starts the actions.
    func lookAt(_ names: Set<Name>, desired: DesiredState) async {
        garbageMayExist = true
        await attribute(names, desired: desired)
        let input = PlanInput(
            desired: await consented(desired), observed: observation, memory: memory,
            attributions: attributions.mapValues(\.attribution),
            pruneLimit: parts.configuration.pruneLimit, now: parts.clock.now)
        let plan = Planner.plan(input, only: names)
        for name in names { (steps[name], holds[name]) = (nil, nil) }
        for step in plan.steps { steps[step.workload] = step }
        for hold in plan.holds { holds[hold.workload] = hold }
        await recordPlan(names)
        await noteChanges(names, desired: desired)
        var decisions: [(Name, RolloutDecision)] = []
        for name in names.sorted() {
            if busy[name] != nil {
                dirty.insert(name)
            } else if let decision = decide(name, desired: desired) {
                decisions.append((name, decision))
            }
        }
        for (name, decision) in decisions {
            if let failure = decision.failure { await noteFailure(failure, of: name, desired: desired.workloads[name]) }
            await recordPhase(of: name, decision.phase)
            views[name] = View(
                phase: decision.phase, wakeAt: decision.wakeAt, listeners: decision.listeners, since: views[name]?.since)
        }
        wantedListeners = nil
        await remember(decisions)
        await applyEdge()
        for (name, decision) in decisions { act(decision, on: name, desired: desired.workloads[name]) }
        forget(names, desired: desired)
    }

    /// The desired state with the trailer that lets much go at once only where its signer may say so.
    private func consented(_ desired: DesiredState) async -> DesiredState {
        var desired = desired
        let going = desired.allowsPrune ? desired.leaving(observation) : []
        guard !going.isEmpty else {
            clear("prune")
            return desired
        }
        if prune?.revision != desired.revision || prune?.names != going {
            do {
                let found = try await parts.consent.objections(toRetiring: going, at: desired.revision)
                prune = (desired.revision, going, found)
            } catch {
                desired.allowsPrune = false
                await report("prune", "whether Curfew-Allow-Prune of \(desired.revision.short) counts cannot be told: \(error)")
                return desired
            }
        }
        let objections = prune?.objections ?? []
        desired.allowsPrune = objections.isEmpty
        if objections.isEmpty { clear("prune") } else { await report("prune", PruneConsent.told(desired.revision, objections)) }
        return desired
    }

    private func decide(_ name: Name, desired: DesiredState) -> RolloutDecision? {
        let workload = desired.workloads[name]
        // Silence is not absence: what is not desired any more may still run where nobody answers.
        if holds[name]?.reason == .unreachableRuntime || (workload == nil && !observation.unreachable.isEmpty) { return nil }
        let now = parts.clock.now
        if let pause = pauses[name], pause.until > now, pause.until - now <= .seconds(60) {
            views[name, default: View()].wakeAt = pause.until
            return nil
        }
        let failure = startFailures.removeValue(forKey: name)
        return Rollout.decide(
            RolloutInput(
                workload: name, desired: workload, instances: observation.instances[name] ?? [], health: observation.health,
                edge: observation.edge, lastListeners: views[name]?.listeners ?? [], memory: memory[name] ?? WorkloadMemory(),
                held: holds[name] != nil, waitsFor: steps[name]?.waitsFor ?? [],
                artifactFailure: failure?.generation == workload?.generation ? failure?.text : nil, now: now))
    }

    /// Finds out who brought the generations that are about to take over, for the plan's explanations.
    private func attribute(_ names: Set<Name>, desired: DesiredState) async {
        var budget = 32
        for name in names where budget > 0 {
            let workload = desired.workloads[name]
            let running = observation.instances[name] ?? []
            guard !running.isEmpty, running.contains(where: { $0.generation != workload?.generation }) else { continue }
            if let known = attributions[name], known.generation == workload?.generation { continue }
            guard let bundle = workload?.bundle else { continue }
            budget -= 1
            let revision = workload?.revision ?? desired.revision
            if let change = try? await changes.change(of: name, in: bundle, to: workload?.generation, from: revision) {
                attributions[name] = (workload?.generation, change.attribution)
            }
        }
    }

    /// What is gone and not desired needs no view, no memory and no listener.
    private func forget(_ names: Set<Name>, desired: DesiredState) {
        for name in names where desired.workloads[name] == nil && observation.instances[name] == nil && busy[name] == nil {
            guard views[name]?.listeners.isEmpty ?? true else { continue }
            views[name] = nil
            wantedListeners = nil
            memory[name] = nil
            attributions[name] = nil
            known[name] = nil
            explained[name] = nil
            let journal = parts.journal
            Task { try? await journal.setFacts(["memory/\(name)": nil, "change/\(name)": nil]) }
        }
    }
}
