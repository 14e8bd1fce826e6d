/// A workload and how it stands.
public struct WorkloadView: Sendable, Encodable, Hashable {
    public var name: String
    public var runtime: String?
    /// The generation that should run.
    public var generation: String?
    public var desired: Int
    public var ready: Int
    /// Where traffic enters, `host:port`.
    public var address: String?
    /// `converged`, `progressing`, `held` or `failed`.
    public var state: String
    public var message: String?
    public var revision: String?
    /// Rolled back on this machine ahead of Git.
    public var pinned: Bool
    public var instances: [InstanceView]
    /// The commit that brought the generation, as far as this service has seen it come.
    public var change: ChangeView?
    /// How the traffic is shared out, while more than one generation gets some.
    public var traffic: [TrafficView]

    public init(
        name: String, runtime: String?, generation: String?, desired: Int, ready: Int, address: String?, state: String,
        message: String?, revision: String?, pinned: Bool, instances: [InstanceView], change: ChangeView? = nil,
        traffic: [TrafficView] = []
    ) {
        (self.name, self.runtime, self.generation, self.desired, self.ready) = (name, runtime, generation, desired, ready)
        (self.address, self.state, self.message, self.revision) = (address, state, message, revision)
        (self.pinned, self.instances, self.change, self.traffic) = (pinned, instances, change, traffic)
    }
}

/// Who changed something; as written in the commit, hostile text.
public struct ChangeView: Sendable, Encodable, Hashable {
    public var commit: String
    public var author: String
    public var summary: String

    public init(commit: String, author: String, summary: String) {
        (self.commit, self.author, self.summary) = (commit, author, summary)
    }
}

/// What share of the traffic a generation gets.
public struct TrafficView: Sendable, Encodable, Hashable {
    public var generation: String
    /// 0 to 100.
    public var percent: Int

    public init(generation: String, percent: Int) { (self.generation, self.percent) = (generation, percent) }
}

/// One instance.
public struct InstanceView: Sendable, Encodable, Hashable {
    public var id: String
    public var generation: String
    public var state: String
    public var health: String
    /// Port name → `host:port`.
    public var endpoints: [String: String]
    /// The host that it is on, where there are many.
    public var place: String?

    public init(
        id: String, generation: String, state: String, health: String, endpoints: [String: String], place: String? = nil
    ) {
        (self.id, self.generation, self.state, self.health, self.endpoints) = (id, generation, state, health, endpoints)
        self.place = place
    }
}
