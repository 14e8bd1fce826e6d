import CurfewDesiredState
import CurfewSwarmRuntime

extension Checkup {
    /// The managers of each swarm: one that can be used is enough, the others are told.
    static func swarms(_ configuration: ServiceConfiguration) async -> [Check] {
        var checks: [Check] = []
        for runtime in configuration.runtimes.values.sorted(by: { $0.name < $1.name }) where runtime.type == "swarm" {
            let subject = "runtime \(runtime.name)"
            do {
                let managers = try await SwarmRuntime.problems(of: Composition.swarm(runtime, configuration))
                let isUsable = managers.contains { $0.problem == nil }
                for manager in managers {
                    checks.append(
                        Check(
                            subject: subject, result: manager.problem == nil ? .good : isUsable ? .limited : .missing,
                            detail: "\(manager.endpoint): \(manager.problem ?? "a manager of the swarm")"))
                }
            } catch { checks.append(Check(subject: subject, result: .missing, detail: "\(error)")) }
        }
        return checks
    }
}
