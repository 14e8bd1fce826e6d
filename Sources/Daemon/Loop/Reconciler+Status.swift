import CurfewModel
import CurfewRollout
import Glibc

extension Reconciler {
    /// Writes the snapshot for `curfew status` if it says something new.
    func writeStatus() {
        guard statusIsStale || problems != shownProblems || !(writtenStatus?.pendingReverts.isEmpty ?? true) else { return }
        for (key, text) in problems.sorted(by: { $0.key < $1.key }) where shownProblems[key] != text {
            parts.log.warning("\(text.escapingControls)")
        }
        (statusIsStale, shownProblems) = (false, problems)
        var status = makeStatus()
        parts.board.hang(Array(steps.values))
        parts.board.hang(status)
        noteConvergence(status)
        if let written = writtenStatus {
            // The moment alone is no news.
            status.at = written.at
            if status == written { return }
            status.at = parts.clock.now
        }
        do {
            try status.write(parts.state)
            writtenStatus = status
            parts.manager.status("\(status.state.rawValue) at \(status.revision?.short ?? "nothing")")
            problems["status"] = nil
        } catch {
            problems["status"] = "the status cannot be written: \(error)"
            statusIsStale = true
        }
    }

    /// What was written last; made now when nothing was.
    var latestStatus: Status { writtenStatus ?? makeStatus() }

    /// Measures how long a commit took until everything ran as it says.
    private func noteConvergence(_ status: Status) {
        guard let awaited, status.state == .converged, status.revision == awaited.revision else { return }
        parts.telemetry.converged(after: parts.clock.now - awaited.since)
        self.awaited = nil
    }

    func makeStatus() -> Status {
        let configuration = parts.configuration
        let names = Set(desired?.workloads.keys.map { $0 } ?? []).union(observation.instances.keys)
        let workloads = names.sorted().map(describe)
        let reverts = parts.reverts.all()
        let pending = reverts.filter { $0.outcome == nil }
        // What only a person can take back, as long as it is asked for.
        let stuck = reverts.compactMap { revert -> String? in
            guard case .impossible(let why)? = revert.outcome, let name = revert.workload,
                desired?.workloads[name]?.generation == revert.generation
            else { return nil }
            return why
        }
        return Status(
            pid: getpid(), at: parts.clock.now, revision: desired?.revision,
            verified: configuration.trust != .none && source.accepted != nil,
            trust: configuration.trust.rawValue,
            state: overall(workloads), paused: parts.controls.pausedBy,
            source: Status.Source(
                url: configuration.repository.url, branch: configuration.repository.branch, remote: source.remote,
                tip: source.tip,
                lastFetch: source.lastFetch, problem: source.problem, failingSince: source.failingSince, held: source.held),
            workloads: workloads, heldBundles: desired?.held ?? [], holds: holds.values.sorted { $0.workload < $1.workload },
            diagnostics: assembly?.diagnostics ?? [],
            problems: problems.sorted { $0.key < $1.key }.map(\.value) + (loadProblem.map { ["load: \($0)"] } ?? [])
                + stuck + accessProblems + Composition.insecureTokens(of: configuration),
            pendingReverts: pending, grants: grants)
    }

    private func overall(_ workloads: [Status.Workload]) -> Status.Overall {
        let states = Set(workloads.map(\.state))
        if states.contains(.failed) { return .failed }
        if source.held != nil || !(desired?.held.isEmpty ?? true) || states.contains(.held) || !pins.isEmpty { return .held }
        guard desired != nil else { return source.problem == nil ? .progressing : .failed }
        return states.contains(.progressing) ? .progressing : .converged
    }

    private func describe(_ name: Name) -> Status.Workload {
        let wanted = desired?.workloads[name]
        let instances = observation.instances[name] ?? []
        let ready = instances.filter { instance in
            instance.generation == wanted?.generation && instance.state == .running && instance.tampered == nil
                && instance.foreign == nil && (instance.health == nil || observation.health[instance.id] == .healthy)
        }
        // What was decided about an older wish says nothing about this one (while paused it is looked at later).
        let phase = dirty.contains(name) && busy[name] == nil ? nil : views[name]?.phase
        let (state, message) = words(for: phase ?? .progressing("waiting to be looked at"), hold: holds[name])
        let exposed = wanted?.workload.ports.first { $0.expose != nil }?.expose
        return Status.Workload(
            name: name, runtime: wanted?.workload.runtime, generation: wanted?.generation,
            desired: wanted?.workload.replicas ?? 0,
            ready: ready.count, address: exposed.map { "\(Endpoint(host: parts.configuration.edge.bind, port: $0))" },
            state: state, message: message, revision: wanted?.revision, pinned: pins[name] != nil,
            instances: instances.sorted { $0.id < $1.id }.map(describe),
            change: known[name]?.author(of: wanted?.generation), traffic: traffic(of: name))
    }

    private func describe(_ instance: ObservedInstance) -> Status.Instance {
        let state =
            switch instance.state {
            case .starting: "starting"
            case .running: "running"
            case .exited(let code): code.map { "exited (\($0))" } ?? "exited"
            }
        let health =
            switch observation.health[instance.id] {
            case .healthy?: "healthy"
            case .unhealthy(let why)?: why
            case .unknown?: "unknown"
            case nil: instance.health == nil ? "running" : "unknown"
            }
        return Status.Instance(
            id: instance.id, generation: instance.generation, state: isWarm(instance) ? "\(state), kept warm" : state,
            health: instance.tampered ?? instance.foreign ?? health, endpoints: instance.endpoints,
            place: instance.place)
    }

    private func isWarm(_ instance: ObservedInstance) -> Bool {
        guard let warm = memory[instance.workload]?.warm, instance.generation == warm.generation else { return false }
        return instance.generation != desired?.workloads[instance.workload]?.generation
    }

    private func words(for phase: Phase, hold: PlanHold?) -> (Status.Overall, String?) {
        switch phase {
        case .failed(let why): (.failed, why)
        case .held(let why): (.held, why)
        case .progressing(let what): hold.map { (.held, $0.explanation) } ?? (.progressing, what)
        case .converged: hold.map { (.held, $0.explanation) } ?? (.converged, nil)
        }
    }
}
