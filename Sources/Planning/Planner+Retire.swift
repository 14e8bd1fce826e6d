import CurfewModel

extension Planner {
    /// Adds a retirement, or the reason why not, for each of `leaving` (observed, not desired).
    static func retire(_ leaving: [Name], _ input: PlanInput, into draft: inout Draft) {
        guard !leaving.isEmpty else { return }
        let census = Census(input)
        for name in leaving {
            if let bundle = census.kept[name] {
                draft.holds.append(
                    PlanHold(workload: name, reason: .heldBundle, explanation: Explanation.heldBundle(name, bundle)))
            } else if census.guarded {
                draft.holds.append(
                    PlanHold(
                        workload: name, reason: .pruneGuard,
                        explanation: Explanation.pruneGuard(
                            name, going: census.going, of: census.observed, limit: census.limit)))
            } else {
                let instances = input.observed.instances[name] ?? []
                draft.retirements.append(
                    PlanStep(
                        kind: .retire, workload: name, from: generations(of: instances.filter { $0.foreign == nil }),
                        drift: instances.sorted { $0.id < $1.id }.compactMap {
                            Condition($0, input.observed.health).drift(of: $0.id)
                        },
                        waitsFor: census.dependents(of: name), explanation: Explanation.retire(name, input.attributions[name])))
            }
        }
    }
}

/// The figures and relations that a retirement needs to know of the whole.
private struct Census {
    /// Distinct workloads of which something runs.
    var observed = 0
    /// Those that no manifest names any more and no held bundle keeps.
    var going = 0
    /// The limit as it counts, 0 to 1.
    let limit: Double
    /// Whether too much would go at once.
    let guarded: Bool
    /// Workloads that a held bundle keeps.
    let kept: [Name: HeldBundle]
    private var named: [Name: [Name]] = [:]
    private var replacing: [Name] = []
    private var yielding: Set<Name> = []

    init(_ input: PlanInput) {
        var kept: [Name: HeldBundle] = [:]
        for bundle in input.desired.held { for name in bundle.keeps { kept[name] = bundle } }
        self.kept = kept
        for (name, instances) in input.observed.instances where !instances.isEmpty {
            observed += 1
            if let desired = input.desired.workloads[name] {
                if instances.contains(where: {
                    $0.generation != desired.generation && $0.foreign == nil && $0.state == .running
                }) {
                    replacing.append(name)
                }
            } else if kept[name] == nil {
                going += 1
            }
        }
        limit = input.pruneLimit.isFinite ? min(max(input.pruneLimit, 0), 1) : 0.5
        guarded = !input.desired.allowsPrune && Double(going) > limit * Double(observed)
        guard !guarded else { return }
        for workload in input.desired.workloads.values {
            for dependency in workload.workload.dependsOn where input.desired.workloads[dependency] == nil {
                named[dependency, default: []].append(workload.workload.name)
            }
        }
        replacing.sort()
        // Who takes over a port of a leaving workload cannot be finished before that one has let go of it.
        let ports = Set(replacing.flatMap { input.desired.workloads[$0]?.workload.ports.compactMap(\.expose) ?? [] })
        for (key, listener) in input.observed.edge?.listeners ?? [:] where ports.contains(listener.address.port) {
            yielding.insert(key.workload)
        }
    }

    /// Who may still use a workload that is to go: those that name it, and those of which instances of an older
    /// generation run. What these depended on is no longer written anywhere, so they are all waited for.
    func dependents(of name: Name) -> [Name] {
        let named = self.named[name] ?? []
        if yielding.contains(name) { return named.sorted() }
        return named.isEmpty ? replacing : Set(named + replacing).sorted()
    }
}
