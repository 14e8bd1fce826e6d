/// One of `allow`: what the bundles that it names may use.
public struct AllowRule: Sendable, Hashable {
    /// Names of bundles; `*` stands for anything, at least one has to match.
    public var bundles: [String]
    /// Capabilities of the kernel, written out one by one; `nil` = the rule says nothing about them.
    public var capabilities: [String]?
    /// `file:NAME` for files of `secrets.folder`, `age:PATH` for encrypted files of the repository.
    public var secrets: [String]?
    /// Networks of containers.
    public var networks: [String]?
    /// Named volumes of the bundle's own workloads.
    public var volumes: [String]?
    /// Registries (`registry.example.org`) or repositories (`registry.example.org/team/*`) that images come from.
    public var registries: [String]?
    /// Ports of the edge.
    public var ports: [ClosedRange<Int>]?
    /// Runtimes.
    public var runtimes: [String]?
    /// Hosts that archives come from, with or without a port; `public` = every host at a public address.
    public var downloads: [String]?

    /// A rule that says nothing yet.
    public init(bundles: [String]) { self.bundles = bundles }

    /// What a bundle may use where no rule that names it says anything about it.
    public static let ordinary: AllowRule = {
        var rule = AllowRule(bundles: ["*"])
        (rule.capabilities, rule.secrets, rule.networks) = (["NET_BIND_SERVICE"], [], [])
        (rule.volumes, rule.registries, rule.runtimes) = (["*"], ["*"], ["*"])
        rule.ports = [80...80, 443...443, 1024...65535]
        rule.downloads = ["public"]
        return rule
    }()
}
