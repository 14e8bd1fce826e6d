public import CurfewDrivers
public import CurfewModel
import Synchronization

/// Asks every driver at once what is really there. A driver that fails or hangs is told as unreachable and holds up
/// nobody else: silence is not absence.
public struct Observer: Sendable {
    private let runtimes: [any Runtime]
    private let edge: (any Edge)?
    private let prober: Prober
    private let deadline: Span
    private let memory = Memory()

    /// Makes an observer.
    /// - Parameter deadline: how long one driver may take to answer; more than zero.
    public init(runtimes: [any Runtime], edge: (any Edge)?, prober: Prober, deadline: Span = .seconds(10)) {
        (self.runtimes, self.edge, self.prober, self.deadline) = (runtimes, edge, prober, deadline)
    }

    /// What is there now. Also tells the prober which instances there are, so that probes begin with the first sight of
    /// an instance; instances of a runtime that does not answer go on being probed. Takes at most the deadline.
    public func observe() async -> Observation {
        async let edge = observeEdge()
        var observation = Observation()
        let answers = await withTaskGroup(of: (Name, Answer).self) { group in
            for runtime in runtimes { group.addTask { (runtime.name, await ask(runtime)) } }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var probed: [ObservedInstance] = []
        for (name, answer) in answers.sorted(by: { $0.key < $1.key }) {
            switch answer {
            case .instances(let instances):
                for instance in instances { observation.instances[instance.workload, default: []].append(instance) }
                memory.remember(instances, of: name)
                probed += instances
            case .silence(let reason):
                observation.unreachable[name] = reason
                probed += memory.instances(of: name)
            }
        }
        await prober.track(probed)
        observation.health = await prober.health()
        observation.edge = await edge
        return observation
    }

    private func ask(_ runtime: any Runtime) async -> Answer {
        do {
            return .instances(
                try await memory.lane(runtime.name.rawValue).ask(within: deadline) { try await runtime.observe() })
        } catch { return .silence(Self.reason(error)) }
    }

    private func observeEdge() async -> ObservedEdge? {
        guard let edge else { return nil }
        // No runtime's name holds a slash.
        return try? await memory.lane("/edge").ask(within: deadline) { try await edge.observe() }
    }

    private static func reason(_ error: any Error) -> String {
        String(String(describing: error).prefix(500)).escapingControls
    }

    private enum Answer: Sendable {
        case instances([ObservedInstance])
        case silence(String)
    }
}

/// What an observer keeps between two looks: never part of an answer.
private final class Memory: Sendable {
    private let lanes = Mutex<[String: Lane]>([:])
    private let seen = Mutex<[Name: [ObservedInstance]]>([:])

    func lane(_ name: String) -> Lane {
        lanes.withLock { lanes in
            if let lane = lanes[name] { return lane }
            let lane = Lane()
            lanes[name] = lane
            return lane
        }
    }

    func remember(_ instances: [ObservedInstance], of runtime: Name) { seen.withLock { $0[runtime] = instances } }
    func instances(of runtime: Name) -> [ObservedInstance] { seen.withLock { $0[runtime] ?? [] } }
}
