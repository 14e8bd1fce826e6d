/// What only containers have; everything at its default for other runtimes.
public struct ContainerOptions: Hashable, Sendable, Codable {
    /// Arguments after the command, or after the image's entrypoint; the placeholders are allowed.
    public var args: [String]
    /// Absolute path; `nil` = the image's.
    public var workingDir: String?
    /// `user[:group]`, names or numbers; `nil` = the image's.
    public var user: String?
    /// Networks that it joins besides the runtime's own; it is found there by its workload's name.
    public var networks: [Name]
    /// Capabilities of the kernel that are kept, without `CAP_`; all others are dropped.
    public var capabilities: [String]
    /// Whether the root file system can be written to. Then what is changed there says nothing about tampering.
    public var writableRoot: Bool
    /// Where an engine of many hosts may place it: `node.role==worker`, `node.labels.disk!=slow`.
    public var placement: [String]

    /// Makes options; without arguments, the defaults.
    public init(
        args: [String] = [], workingDir: String? = nil, user: String? = nil, networks: [Name] = [], capabilities: [String] = [],
        writableRoot: Bool = false, placement: [String] = []
    ) {
        (self.args, self.workingDir, self.user) = (args, workingDir, user)
        (self.networks, self.capabilities, self.writableRoot) = (networks, capabilities, writableRoot)
        self.placement = placement
    }

    /// Whether nothing is asked for.
    public var isDefault: Bool { self == ContainerOptions() }
}

/// A secret, given to an instance as a file and in no other way.
public struct SecretFile: Hashable, Sendable, Codable {
    /// Where the secret comes from; never the secret itself.
    public enum Source: Hashable, Sendable, Codable {
        /// A file of the repository, encrypted with `age`: its path and its blob id.
        case age(path: String, id: ObjectID?)
        /// A file of this name in the service's secrets folder.
        case file(Name)
    }
    /// Absolute path in the instance, directly below `/run/secrets`.
    public var path: String
    /// Where it comes from.
    public var source: Source
    /// Makes a secret.
    public init(path: String, source: Source) { (self.path, self.source) = (path, source) }
}
