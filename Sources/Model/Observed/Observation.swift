/// What is really there, from every driver at once. A partial answer is a value, not a failure.
public struct Observation: Sendable {
    /// Instances by workload; only from runtimes that answered.
    public var instances: [Name: [ObservedInstance]]
    /// Health by instance, as far as probes have found out.
    public var health: [InstanceID: Health]
    /// Runtimes that did not answer, with the reason. Their workloads are left alone: silence is not absence.
    public var unreachable: [Name: String]
    /// The edge, `nil` when it did not answer.
    public var edge: ObservedEdge?

    /// Makes an observation.
    public init(
        instances: [Name: [ObservedInstance]] = [:], health: [InstanceID: Health] = [:], unreachable: [Name: String] = [:],
        edge: ObservedEdge? = nil
    ) {
        (self.instances, self.health, self.unreachable, self.edge) = (instances, health, unreachable, edge)
    }
}
