public import CurfewDrivers
public import CurfewModel

/// Asks every driver at once what is really there. A driver that fails or hangs is told as unreachable and holds up
/// nobody else: silence is not absence.
public struct Observer: Sendable {
    private let runtimes: [any Runtime]
    private let edge: (any Edge)?
    private let prober: Prober
    private let deadline: Span
    private let memory = ObserverMemory()

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
        for (name, answer) in answers {
            switch answer {
            case .instances(let instances): memory.remember(instances, of: name)
            case .silence(let reason): observation.unreachable[name] = reason
            }
        }
        let look = memory.look(at: answers.keys.filter { observation.unreachable[$0] == nil })
        observation.instances = look.instances
        if let news = look.probed { await prober.track(news) }
        observation.health = await prober.health()
        for (id, health) in look.reported { observation.health[id] = health }
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
