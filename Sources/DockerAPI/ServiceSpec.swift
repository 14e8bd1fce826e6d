/// What a swarm is asked to keep running: as it is sent, and as it is told back. Fields that are `nil` are left to the swarm.
public struct ServiceSpec: Codable, Sendable, Hashable {
    /// Its name, unique in the swarm; 1 to 63 bytes.
    public var Name: String
    /// Its labels.
    public var Labels: [String: String]?
    /// What each of its tasks is made from.
    public var TaskTemplate: Task
    /// How many tasks.
    public var Mode: Mode?
    /// Its ports.
    public var EndpointSpec: Ports?
    /// Makes a service of one task.
    public init(name: String, labels: [String: String], task: Task) {
        (Name, Labels, TaskTemplate) = (name, labels, task)
        self.Mode = ServiceSpec.Mode(Replicated: ServiceSpec.Mode.Replicas(Replicas: 1))
    }

    /// What a task is made from.
    public struct Task: Codable, Sendable, Hashable {
        /// The container.
        public var ContainerSpec: ServiceContainer
        /// Its limits.
        public var Resources: Resources?
        /// What the swarm does when it ends.
        public var RestartPolicy: Restart?
        /// Where it may be put.
        public var Placement: Placement?
        /// Its networks.
        public var Networks: [Network]?
        /// How its output is kept.
        public var LogDriver: Log?
        /// Counts how often somebody had it made anew by hand.
        public var ForceUpdate: UInt64?
        /// Makes a template.
        public init(container: ServiceContainer) { ContainerSpec = container }
    }
    /// Its limits.
    public struct Resources: Codable, Sendable, Hashable {
        /// Over which it does not get.
        public var Limits: Limit?
        /// Makes limits.
        public init(Limits: Limit?) { self.Limits = Limits }
        /// Limits of one task.
        public struct Limit: Codable, Sendable, Hashable {
            /// Billionths of a CPU.
            public var NanoCPUs: Int64?
            /// Bytes.
            public var MemoryBytes: Int64?
            /// Processes and threads.
            public var Pids: Int64?
            /// Makes limits.
            public init(NanoCPUs: Int64?, MemoryBytes: Int64?, Pids: Int64?) {
                (self.NanoCPUs, self.MemoryBytes, self.Pids) = (NanoCPUs, MemoryBytes, Pids)
            }
        }
    }
    /// What the swarm does when a task ends.
    public struct Restart: Codable, Sendable, Hashable {
        /// `none`, `on-failure`, `any`.
        public var Condition: String?
        /// Nanoseconds before the next one.
        public var Delay: Int64?
        /// Makes a policy.
        public init(Condition: String, Delay: Int64) { (self.Condition, self.Delay) = (Condition, Delay) }
    }
    /// Where it may be put.
    public struct Placement: Codable, Sendable, Hashable {
        /// All must hold: `node.role==worker`.
        public var Constraints: [String]?
        /// Makes a placement.
        public init(Constraints: [String]?) { self.Constraints = Constraints }
    }
    /// A network.
    public struct Network: Codable, Sendable, Hashable {
        /// The network's id.
        public var Target: String
        /// Names that it is found by there.
        public var Aliases: [String]?
        /// Makes an attachment.
        public init(Target: String, Aliases: [String]) { (self.Target, self.Aliases) = (Target, Aliases) }
    }
    /// How output is kept.
    public struct Log: Codable, Sendable, Hashable {
        /// The driver.
        public var Name: String?
        /// Its options.
        public var Options: [String: String]?
        /// Makes a driver.
        public init(Name: String, Options: [String: String]) { (self.Name, self.Options) = (Name, Options) }
    }
    /// How many tasks.
    public struct Mode: Codable, Sendable, Hashable {
        /// So many; `nil` for one on each node.
        public var Replicated: Replicas?
        /// Makes a mode.
        public init(Replicated: Replicas?) { self.Replicated = Replicated }
        /// So many.
        public struct Replicas: Codable, Sendable, Hashable {
            /// Tasks.
            public var Replicas: UInt64?
            /// Makes a number.
            public init(Replicas: UInt64) { self.Replicas = Replicas }
        }
    }
    /// How it is reached.
    public struct Ports: Codable, Sendable, Hashable {
        /// `vip` or `dnsrr`.
        public var Mode: String?
        /// Its ports.
        public var Ports: [Port]?
        /// Makes an endpoint.
        public init(Mode: String, Ports: [Port]) { (self.Mode, self.Ports) = (Mode, Ports) }
    }
    /// One port.
    public struct Port: Codable, Sendable, Hashable {
        /// `tcp`, `udp`.
        public var `Protocol`: String?
        /// In the container.
        public var TargetPort: Int?
        /// On the node, or on all nodes; `nil` or 0 = any.
        public var PublishedPort: Int?
        /// `host` = on the task's own node; `ingress` = on all.
        public var PublishMode: String?
        /// A port on the task's own node, which picks the number.
        public init(onHost target: Int) { (`Protocol`, TargetPort, PublishMode) = ("tcp", target, "host") }
    }
}
