public import CurfewModel

/// Compares what should run with what runs. Pure: no clock, no I/O, nothing remembered beyond the input.
public enum Planner {
    /// The plan for every workload, desired or observed.
    public static func plan(_ input: PlanInput) -> Plan {
        var draft = Draft()
        for (name, workload) in input.desired.workloads { assess(name, workload, input, into: &draft) }
        let leaving = input.observed.instances.keys.filter { name in
            input.desired.workloads.index(forKey: name) == nil && input.observed.instances[name]?.isEmpty == false
        }
        retire(leaving, input, into: &draft)
        return draft.plan(input)
    }

    /// The plan for the workloads in `changed` alone: for them the same steps and holds as ``plan(_:)`` gives.
    ///
    /// Takes time in proportion to `changed` and what it depends on. Only when one of them is to be retired is
    /// everything that runs counted, since the prune guard looks at the whole.
    public static func plan(_ input: PlanInput, only changed: Set<Name>) -> Plan {
        var draft = Draft()
        var leaving: [Name] = []
        for name in changed {
            if let workload = input.desired.workloads[name] {
                assess(name, workload, input, into: &draft)
            } else if input.observed.instances[name]?.isEmpty == false {
                leaving.append(name)
            }
        }
        retire(leaving, input, into: &draft)
        return draft.plan(input)
    }
}

/// A plan in the making, not yet in order.
struct Draft {
    var steps: [PlanStep] = []
    var retirements: [PlanStep] = []
    var holds: [PlanHold] = []

    /// The finished plan: dependencies before dependents, then by name, retirements last.
    func plan(_ input: PlanInput) -> Plan {
        let ordered = DependencyOrder(input.desired.workloads).sorted(steps)
        return Plan(
            revision: input.desired.revision, steps: ordered + retirements.sorted { $0.workload < $1.workload },
            holds: holds.sorted { ($0.workload, $0.reason.rawValue) < ($1.workload, $1.reason.rawValue) })
    }
}
