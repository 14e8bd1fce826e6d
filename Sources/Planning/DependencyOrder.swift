import CurfewModel

/// Orders steps so that what is depended on comes first.
struct DependencyOrder {
    private let workloads: [Name: DesiredWorkload]

    init(_ workloads: [Name: DesiredWorkload]) { self.workloads = workloads }

    /// By depth in the dependency graph, then by name. Only the graph below these steps is walked.
    func sorted(_ steps: [PlanStep]) -> [PlanStep] {
        guard steps.count > 1 else { return steps }
        var depths: [Name: Int] = [:]
        for step in steps { measure(step.workload, &depths) }
        return steps.sorted {
            (depths[$0.workload] ?? 0, $0.workload) < (depths[$1.workload] ?? 0, $1.workload)
        }
    }

    /// The longest way down from `name`. A stack of its own instead of recursion: a chain of ten thousand dependencies
    /// in a repository must not overflow ours. Cycles are refused by validation; here they only end the walk.
    private func measure(_ name: Name, _ depths: inout [Name: Int]) {
        guard depths[name] == nil else { return }
        var stack: [Name] = [name]
        var open: Set<Name> = []
        while let top = stack.last {
            let dependencies = workloads[top]?.workload.dependsOn ?? []
            if depths[top] == nil, open.insert(top).inserted {
                let unknown = dependencies.filter { depths[$0] == nil && !open.contains($0) }
                if !unknown.isEmpty {
                    stack.append(contentsOf: unknown)
                    continue
                }
            }
            stack.removeLast()
            if depths[top] == nil {
                depths[top] = dependencies.reduce(0) { max($0, (depths[$1] ?? -1) + 1) }
            }
        }
    }
}
