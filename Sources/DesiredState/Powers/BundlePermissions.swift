public import CurfewModel

/// Which bundles may use what: `allow` of the service's configuration, and the ports that are Curfew's own.
///
/// Rules add up. A field that no rule for a bundle has is as in ``AllowRule/ordinary``.
public struct BundlePermissions: Sendable, Hashable {
    /// The rules, in no particular order.
    public var rules: [AllowRule]
    /// Ports that no workload may be exposed at, and whose they are.
    public var reserved: [ReservedPorts]
    /// Whether there is a configuration at all. Without one, what goes beyond the ordinary is a warning instead of an error.
    public var isKnown: Bool

    /// Ports that Curfew itself uses.
    public struct ReservedPorts: Sendable, Hashable {
        /// The ports.
        public var ports: ClosedRange<Int>
        /// Whose they are, for people.
        public var owner: String
        /// Names ports.
        public init(_ ports: ClosedRange<Int>, _ owner: String) { (self.ports, self.owner) = (ports, owner) }
    }

    /// Makes permissions; without rules, every bundle has the ordinary ones.
    public init(_ rules: [AllowRule] = [], reserved: [ReservedPorts] = [], isKnown: Bool = true) {
        (self.rules, self.reserved, self.isKnown) = (rules, reserved, isKnown)
    }

    /// Nobody has said what is allowed.
    public static let unknown = BundlePermissions(isKnown: false)

    /// What one bundle may use.
    func of(_ bundle: Name) -> BundlePowers { BundlePowers(bundle, self) }

    /// The hosts that archives of one bundle come from: names and addresses, and `public`.
    public func downloads(of bundle: Name) -> [String] { of(bundle).downloads.allowed }
}

/// What one bundle may use.
struct BundlePowers: Sendable {
    /// One field of the rules that name the bundle.
    struct Field<Item: Sendable>: Sendable {
        var allowed: [Item]
        /// No rule has it.
        var isOrdinary: Bool
    }
    let bundle: Name
    let isKnown: Bool
    let reserved: [BundlePermissions.ReservedPorts]
    let capabilities: Field<String>
    let secrets: Field<String>
    let networks: Field<String>
    let volumes: Field<String>
    let registries: Field<String>
    let ports: Field<ClosedRange<Int>>
    let runtimes: Field<String>
    let downloads: Field<String>

    init(_ bundle: Name, _ permissions: BundlePermissions) {
        let rules = permissions.rules.filter { rule in
            rule.bundles.contains { WordPattern($0).matches(bundle.rawValue) }
        }
        func field<Item>(_ path: KeyPath<AllowRule, [Item]?>) -> Field<Item> {
            let written = rules.compactMap { $0[keyPath: path] }
            if written.isEmpty { return Field(allowed: AllowRule.ordinary[keyPath: path] ?? [], isOrdinary: true) }
            return Field(allowed: written.flatMap { $0 }, isOrdinary: false)
        }
        (self.bundle, isKnown, reserved) = (bundle, permissions.isKnown, permissions.reserved)
        (capabilities, secrets) = (field(\.capabilities), field(\.secrets))
        (networks, volumes) = (field(\.networks), field(\.volumes))
        (registries, ports) = (field(\.registries), field(\.ports))
        (runtimes, downloads) = (field(\.runtimes), field(\.downloads))
    }
}
