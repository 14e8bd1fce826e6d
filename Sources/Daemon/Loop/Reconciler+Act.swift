import CurfewDrivers
import CurfewJournal
import CurfewModel
import CurfewRollout
import Foundation

extension Reconciler {
    /// Starts what was decided about a workload; one workload never waits for another.
    func act(_ decision: RolloutDecision, on name: Name, desired: DesiredWorkload?) {
        guard !decision.actions.isEmpty, busy[name] == nil else { return }
        let executor = Executor(runtimes: parts.runtimes, clock: parts.clock, watch: parts.quarantine)
        busy[name] = Task {
            let report = await executor.perform(decision.actions, on: name, desired: desired)
            await self.finished(name, desired: desired, report)
        }
    }

    private func finished(_ name: Name, desired: DesiredWorkload?, _ report: Executor.Report) async {
        busy[name] = nil
        dirty.insert(name)
        for id in report.started { await record("instance.started", workload: name, "\(id) started") }
        for id in report.stopped { await record("instance.stopped", workload: name, "\(id) removed") }
        if let text = report.startFailure ?? report.stopFailure {
            let length = min(Span(milliseconds: max(500, (pauses[name]?.length.milliseconds ?? 0) * 2)), .seconds(30))
            pauses[name] = (parts.clock.now + length, length)
            if let desired, report.startFailure != nil { startFailures[name] = (desired.generation, text) }
            await self.report("act/\(name)", "\(name): \(text)")
        } else {
            pauses[name] = nil
            clear("act/\(name)")
        }
        alarm.ring()
    }

    /// A generation has failed: what is known about it is written down, and the revert is asked for before anything is
    /// remembered, so that a kill in between costs a second try and never a lost revert.
    func noteFailure(_ failure: RolloutFailure, of name: Name, desired: DesiredWorkload?) async {
        var log: [String] = []
        if let runtime = desired.flatMap({ parts.runtimes[$0.workload.runtime] }), let instance = failure.instances.first {
            // A hanging engine must not hold up the loop.
            log = await bounded(.seconds(5)) { (try? await runtime.logTail(instance, lines: 20)) ?? [] } ?? []
        }
        let reason = "\(name) generation \(failure.generation.short) failed: \(failure.reason)"
        await record(
            "rollout.failed", workload: name, revision: desired?.revision, reason,
            log.isEmpty ? [:] : ["log": log.joined(separator: "\n")])
        guard failure.onFailure == .revert, let desired, pins[name] == nil else { return }
        do {
            let change = try await changes.change(
                of: name, in: desired.bundle, to: failure.generation, from: desired.revision)
            guard let change, !change.commit.parents.isEmpty else {
                return await record(
                    "revert.skipped", workload: name,
                    "there is no commit to revert: \(name) is older than the history that was searched")
            }
            guard try await !parts.own.isRevert(change.commit.id) else {
                return await record(
                    "revert.skipped", workload: name, revision: change.commit.id,
                    "\(change.commit.id.short) is a revert already; reverting it would bring the other failed generation back")
            }
            try parts.reverts.add(
                PendingRevert(
                    commit: change.commit.id, reason: reason, workload: name, bundle: desired.bundle,
                    generation: failure.generation, log: log, requestedAt: parts.clock.now))
            parts.revertWanted()
        } catch {
            await record("revert.failed", workload: name, "the revert cannot be asked for: \(error)")
        }
    }

    /// Makes the edge equal to what was decided, if it is not.
    func applyEdge() async {
        let own = parts.configuration.reservedPorts
        // A workload that was exposed at a port of Curfew's own before that was known: it runs on, and the port is given back.
        let decided =
            wantedListeners
            ?? views.values.flatMap(\.listeners).filter { listener in !own.contains { $0.ports.contains(listener.port) } }
            .sorted { $0.key < $1.key }
        wantedListeners = decided
        let silent = observation.unreachable.isEmpty ? [] : undecided(beside: decided)
        let wanted = (decided + silent).sorted { $0.key < $1.key }
        if let edge = observation.edge, wanted == appliedListeners, edge.carries(wanted) { return }
        if wanted.isEmpty, appliedListeners?.isEmpty ?? true, observation.edge?.listeners.isEmpty ?? true { return }
        // Of an edge that does not answer nobody knows what it does for them.
        guard observation.unreachable.isEmpty || appliedListeners != nil || observation.edge != nil else { return }
        do {
            observation.edge = try await parts.edge.apply(wanted)
            appliedListeners = wanted
            clear("edge")
            for (name, view) in views where !view.listeners.isEmpty {
                if case .progressing = view.phase { dirty.insert(name) }
            }
        } catch {
            appliedListeners = nil
            observation.edge = try? await parts.edge.observe()
            await report("edge", "edge: \(error)")
        }
    }

    /// What the edge does for workloads of runtimes that have not answered since the start: nothing was decided about them,
    /// and it stays as it is.
    private func undecided(beside decided: [EdgeListener]) -> [EdgeListener] {
        let known = Set(decided.map(\.key))
        return (observation.edge?.listeners ?? [:]).compactMap { key, listener in
            guard !known.contains(key), let workload = desired?.workloads[key.workload]?.workload,
                observation.unreachable[workload.runtime] != nil,
                let port = workload.ports.first(where: { $0.name == key.port && $0.expose == listener.address.port })
            else { return nil }
            let servers = listener.servers.map {
                EdgeListener.Server(
                    instance: $0.key, endpoint: $0.value.endpoint, weight: $0.value.weight, draining: $0.value.draining)
            }
            return EdgeListener(
                key: key, port: listener.address.port, mode: port.mode, servers: servers.sorted { $0.instance < $1.instance })
        }
    }

    /// Keeps the artifacts of the last three good generations of each workload, and of all that runs.
    func collectGarbage() async {
        guard garbageMayExist, busy.isEmpty, let desired, views.values.allSatisfy({ $0.phase == .converged }) else { return }
        let digests = Set(desired.workloads.values.map(\.workload.artifact.digest)).subtracting([""])
        garbageMayExist = false
        guard digests != collected else { return }
        collected = digests
        var keep = digests
        var facts: [String: Data?] = [:]
        let coder = FactCoder()
        let known = (try? await parts.journal.facts(prefix: "artifacts/")) ?? [:]
        for (name, workload) in desired.workloads where !workload.workload.artifact.digest.isEmpty {
            let key = "artifacts/\(name)"
            let old = known[key].flatMap { coder.decode([String].self, from: $0) } ?? []
            let recent = ([workload.workload.artifact.digest] + old.filter { $0 != workload.workload.artifact.digest }).prefix(
                3)
            keep.formUnion(recent)
            if Array(recent) != old { facts[key] = .some(coder.encode(Array(recent))) }
        }
        for key in known.keys
        where Name(String(key.dropFirst("artifacts/".count))).map({ desired.workloads[$0] == nil }) ?? true {
            facts[key] = .some(nil)
        }
        try? await parts.journal.setFacts(facts)
        for runtime in parts.runtimes.values { _ = try? await runtime.collectGarbage(keeping: keep) }
    }
}

extension ObservedEdge {
    /// Whether these listeners and no others are there, with just these servers.
    func carries(_ wanted: [EdgeListener]) -> Bool {
        guard listeners.count == wanted.count else { return false }
        return wanted.allSatisfy { listener in
            guard let there = listeners[listener.key], there.address.port == listener.port,
                there.servers.count == listener.servers.count
            else { return false }
            return listener.servers.allSatisfy { server in
                guard let found = there.servers[server.instance] else { return false }
                return found.endpoint == server.endpoint && found.draining == server.draining
                    && (server.draining || found.weight == server.weight)
            }
        }
    }
}
