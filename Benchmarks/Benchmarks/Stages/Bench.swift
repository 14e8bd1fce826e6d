import CurfewDesiredState
import CurfewModel

/// What the stages work on.
enum Bench {
    static let now = Instant(milliseconds: 1_800_000_000_000)

    static let runtimes = [
        Name(literal: "local"): RuntimeCapabilities(
            artifacts: [.tree, .url, .none], limits: ["cpu", "memory", "pids"], volumes: true)
    ]

    /// Loads a revision and puts it together; throws when anything in it is wrong.
    static func load(_ tree: some FileTree, with loader: DesiredStateLoader) throws -> DesiredState {
        let assembly = assemble(try loader.load(tree, revision: tree.root), lastGood: [:], allowsPrune: false)
        if let first = assembly.diagnostics.first { throw Wrong(description: first.description) }
        return assembly.desired
    }

    /// The world in which all of `desired` runs and is healthy.
    static func running(_ desired: DesiredState) -> Observation {
        var observation = Observation()
        for (name, wanted) in desired.workloads {
            let instances = (0..<wanted.workload.replicas).map { replica in
                ObservedInstance(
                    id: InstanceID(workload: name, generation: wanted.generation, suffix: UInt64(replica) + 1), workload: name,
                    generation: wanted.generation, parts: wanted.parts, revision: wanted.revision, state: .running,
                    createdAt: now, endpoints: [Name(literal: "http"): Endpoint(host: "127.0.0.1", port: 30_000 + replica)],
                    health: wanted.workload.health)
            }
            observation.instances[name] = instances
            for instance in instances { observation.health[instance.id] = .healthy }
        }
        observation.edge = ObservedEdge()
        return observation
    }

    /// All of them in one list, as a runtime tells them; without health checks, so that nobody is asked.
    static func instances(_ desired: DesiredState) -> [ObservedInstance] {
        running(desired).instances.values.flatMap { $0 }.sorted { $0.id < $1.id }.map {
            var instance = $0
            instance.health = nil
            return instance
        }
    }

    struct Wrong: Error, CustomStringConvertible { var description: String }
}
