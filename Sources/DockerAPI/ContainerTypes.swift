/// One line of a list of containers.
public struct ContainerSummary: Decodable, Sendable, Hashable {
    /// 64 hexadecimal digits.
    public var Id: String
    /// Each with a slash in front.
    public var Names: [String]?
    /// The image as it was named.
    public var Image: String?
    /// The image's id, `sha256:…`.
    public var ImageID: String?
    /// Seconds since 1970.
    public var Created: Int64
    /// Its labels.
    public var Labels: [String: String]?
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`.
    public var State: String
    /// In words, with the health: `Up 2 minutes (healthy)`.
    public var Status: String?
    /// Its networks.
    public var NetworkSettings: Networks?
    /// Published ports.
    public var Ports: [PublishedPort]?

    /// Networks by name.
    public struct Networks: Decodable, Sendable, Hashable {
        /// By name.
        public var Networks: [String: Attachment]?
    }
    /// A container in a network.
    public struct Attachment: Decodable, Sendable, Hashable {
        /// Its address there; empty when it does not run.
        public var IPAddress: String?
        /// The same for IPv6.
        public var GlobalIPv6Address: String?
        /// Names by which it is found there.
        public var Aliases: [String]?
    }
    /// A published port.
    public struct PublishedPort: Decodable, Sendable, Hashable {
        /// The host's address.
        public var IP: String?
        /// In the container.
        public var PrivatePort: Int
        /// On the host.
        public var PublicPort: Int?
        /// `tcp` or `udp`.
        public var kind: String?
        enum CodingKeys: String, CodingKey {
            case IP, PrivatePort, PublicPort
            case kind = "Type"
        }
    }
}

/// A container in full, as far as it is looked at.
public struct ContainerDetails: Decodable, Sendable {
    /// 64 hexadecimal digits.
    public var Id: String
    /// With a slash in front.
    public var Name: String
    /// The image's id.
    public var Image: String
    /// What it is doing.
    public var State: State
    /// What it was made from.
    public var Config: ContainerConfig
    /// How the host treats it.
    public var HostConfig: HostConfig
    /// Its networks.
    public var NetworkSettings: ContainerSummary.Networks?

    /// What a container is doing.
    public struct State: Decodable, Sendable, Hashable {
        /// As in the list.
        public var Status: String
        /// Whether a process runs.
        public var Running: Bool?
        /// Whether it was ended for its memory.
        public var OOMKilled: Bool?
        /// Of the last run.
        public var ExitCode: Int?
        /// Why it could not be started.
        public var Error: String?
        /// The host's process id of its first process.
        public var Pid: Int?
        /// What the image's own check says.
        public var Health: Health?
        /// RFC 3339.
        public var StartedAt: String?
        /// RFC 3339.
        public var FinishedAt: String?
    }
    /// What the image's own check says.
    public struct Health: Decodable, Sendable, Hashable {
        /// `none`, `starting`, `healthy`, `unhealthy`.
        public var Status: String
        /// Failures in a row.
        public var FailingStreak: Int?
        /// The last answers.
        public var Log: [Answer]?
        /// One answer.
        public struct Answer: Decodable, Sendable, Hashable {
            /// Exit code.
            public var ExitCode: Int?
            /// What it said.
            public var Output: String?
        }
    }
}

/// What a container is made from. Fields that are `nil` are left to the image.
public struct ContainerConfig: Codable, Sendable, Hashable {
    /// Host name in it.
    public var Hostname: String?
    /// `user[:group]`.
    public var User: String?
    /// `NAME=value`.
    public var Env: [String]?
    /// Arguments.
    public var Cmd: [String]?
    /// Program.
    public var Entrypoint: [String]?
    /// The image.
    public var Image: String?
    /// Working folder.
    public var WorkingDir: String?
    /// Labels.
    public var Labels: [String: String]?
    /// Declared ports: `80/tcp`.
    public var ExposedPorts: [String: Empty]?
    /// The health check; `Test` empty = the image's.
    public var Healthcheck: Healthcheck?
    /// Makes a configuration that leaves everything to the image.
    public init() {}

    /// An empty object.
    public struct Empty: Codable, Sendable, Hashable {
        /// Makes one.
        public init() {}
    }
    /// How the engine checks health.
    public struct Healthcheck: Codable, Sendable, Hashable {
        /// `["NONE"]`, `["CMD", …]`, `["CMD-SHELL", "…"]`; empty = the image's.
        public var Test: [String]?
        /// Nanoseconds.
        public var Interval: Int64?
        /// Nanoseconds.
        public var Timeout: Int64?
        /// Failures in a row.
        public var Retries: Int?
        /// Nanoseconds.
        public var StartPeriod: Int64?
        /// Makes a check.
        public init(
            Test: [String]? = nil, Interval: Int64? = nil, Timeout: Int64? = nil, Retries: Int? = nil, StartPeriod: Int64? = nil
        ) {
            (self.Test, self.Interval, self.Timeout, self.Retries) = (Test, Interval, Timeout, Retries)
            self.StartPeriod = StartPeriod
        }
    }
}

/// How the host treats a container.
public struct HostConfig: Codable, Sendable, Hashable {
    /// Bytes; 0 = no limit.
    public var Memory: Int64?
    /// Memory and swap together, bytes.
    public var MemorySwap: Int64?
    /// Billionths of a CPU.
    public var NanoCpus: Int64?
    /// Processes and threads.
    public var PidsLimit: Int64?
    /// Dropped capabilities.
    public var CapDrop: [String]?
    /// Kept capabilities.
    public var CapAdd: [String]?
    /// `no-new-privileges:true`, …
    public var SecurityOpt: [String]?
    /// Whether the root file system is read-only.
    public var ReadonlyRootfs: Bool?
    /// The network that it is in at first.
    public var NetworkMode: String?
    /// Mounts in memory: options by path.
    public var Tmpfs: [String: String]?
    /// Other mounts.
    public var Mounts: [Mount]?
    /// Published ports by `80/tcp`.
    public var PortBindings: [String: [Binding]]?
    /// Whether and when the engine starts it again.
    public var RestartPolicy: Restart?
    /// A reaper as process 1.
    public var Init: Bool?
    /// Whether it may do everything.
    public var Privileged: Bool?
    /// Host folders, as `source:target`.
    public var Binds: [String]?
    /// How its output is kept.
    public var LogConfig: Log?
    /// Makes a configuration that leaves everything to the engine.
    public init() {}

    /// One mount.
    public struct Mount: Codable, Sendable, Hashable {
        /// `bind`, `volume`, `tmpfs`.
        public var kind: String
        /// Host path or volume; `nil` = an anonymous volume.
        public var Source: String?
        /// Path in the container.
        public var Target: String
        /// Whether it cannot be written.
        public var ReadOnly: Bool?
        /// For volumes.
        public var VolumeOptions: VolumeOptions?
        enum CodingKeys: String, CodingKey {
            case kind = "Type"
            case Source, Target, ReadOnly, VolumeOptions
        }
        /// Makes a mount.
        public init(kind: String, source: String?, target: String, readOnly: Bool? = nil, volume: VolumeOptions? = nil) {
            (self.kind, Source, Target, ReadOnly, VolumeOptions) = (kind, source, target, readOnly, volume)
        }
    }
    /// What a volume that is made on the way gets.
    public struct VolumeOptions: Codable, Sendable, Hashable {
        /// Its labels.
        public var Labels: [String: String]?
        /// Makes options.
        public init(Labels: [String: String]?) { self.Labels = Labels }
    }
    /// A published port's other end.
    public struct Binding: Codable, Sendable, Hashable {
        /// The host's address.
        public var HostIp: String?
        /// The host's port as text; empty = any.
        public var HostPort: String?
        /// Makes a binding.
        public init(HostIp: String?, HostPort: String?) { (self.HostIp, self.HostPort) = (HostIp, HostPort) }
    }
    /// Whether and when the engine starts it again.
    public struct Restart: Codable, Sendable, Hashable {
        /// `no`, `always`, `unless-stopped`, `on-failure`.
        public var Name: String?
        /// Makes a policy.
        public init(Name: String?) { self.Name = Name }
    }
    /// How its output is kept.
    public struct Log: Codable, Sendable, Hashable {
        /// The driver.
        public var kind: String?
        /// Its options.
        public var Config: [String: String]?
        enum CodingKeys: String, CodingKey {
            case kind = "Type"
            case Config
        }
        /// Makes a configuration.
        public init(kind: String?, config: [String: String]?) { (self.kind, Config) = (kind, config) }
    }
}

/// A changed file of a container.
public struct FileChange: Decodable, Sendable, Hashable {
    /// Absolute path in the container.
    public var Path: String
    /// 0 = changed, 1 = added, 2 = removed.
    public var Kind: Int
}
