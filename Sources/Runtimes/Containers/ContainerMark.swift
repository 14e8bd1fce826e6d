import CurfewDrivers
public import CurfewModel
import Foundation

/// What Curfew writes on everything that it makes in an engine, as labels: all that is known of an instance after a
/// restart. No secret is ever in it.
public struct ContainerMark: Sendable, Hashable {
    /// What all labels of ours begin with.
    public static let prefix = "io.curfew."
    /// The label that says what an object is, for filters: `instance`, `network`, `volume`, `image`, `claim`, `secret`.
    public static let kind = prefix + "kind"

    /// The instance.
    public var id: InstanceID
    /// Its workload.
    public var workload: Name
    /// What it was made from.
    public var generation: Generation
    /// Digest of each part of that.
    public var parts: GenerationParts
    /// The revision that brought it.
    public var revision: ObjectID?
    /// The smallest number that no other instance of the workload had when it was made.
    public var ordinal: Int
    /// When it was made.
    public var createdAt: Instant
    /// How its health is known.
    public var health: HealthCheck?
    /// The port that each of the workload's ports is inside the container.
    public var ports: [Name: Int]
    /// The first of them: what `$(PORT)` stands for.
    public var firstPort: Int?
    /// Whoever made it: see ``EngineClaim``.
    public var owner: String

    /// The mark of a fresh instance.
    public init(_ id: InstanceID, of desired: DesiredWorkload, ordinal: Int, createdAt: Instant, owner: String) {
        let workload = desired.workload
        (self.id, self.workload, generation, parts) = (id, workload.name, desired.generation, desired.parts)
        (revision, self.ordinal, self.createdAt, health) = (desired.revision, ordinal, createdAt, workload.health)
        (ports, self.owner) = (PortPlan.ports(of: workload), owner)
        firstPort = workload.ports.first.flatMap { ports[$0.name] }
    }

    /// The labels without a seal.
    public var labels: [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func json(_ value: some Encodable) -> String {
            (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        let named = Dictionary(uniqueKeysWithValues: ports.map { ($0.key.rawValue, $0.value) })
        var labels = [
            "kind": "instance", "instance": id.rawValue, "workload": workload.rawValue, "generation": generation.hex,
            "parts": json(parts), "ordinal": String(ordinal), "created": String(createdAt.milliseconds), "ports": json(named),
            "owner": owner,
        ]
        labels["revision"] = revision?.hex
        labels["port"] = firstPort.map { String($0) }
        labels["health"] = health.map { json($0) }
        return Dictionary(uniqueKeysWithValues: labels.map { (Self.prefix + $0.key, $0.value) })
    }

    /// Reads labels; `nil` when they are not what ``labels`` writes. Labels are hostile text.
    public init?(labels: [String: String]) {
        func text(_ key: String) -> String? { labels[Self.prefix + key] }
        func json<Value: Decodable>(_ key: String, as: Value.Type = Value.self) -> Value? {
            text(key).flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
        }
        guard let id = text("instance").flatMap({ InstanceID($0) }), let workload = text("workload").flatMap({ Name($0) }),
            let generation = text("generation").flatMap({ Generation($0) }),
            let created = text("created").flatMap({ Int64($0) }), (0...253_402_300_799_999).contains(created),
            let owner = text("owner"), owner.utf8.count <= 64,
            let ports: [String: Int] = json("ports"), ports.count <= 64,
            ports.values.allSatisfy({ (1...65535).contains($0) })
        else { return nil }
        (self.id, self.workload, self.generation, self.owner) = (id, workload, generation, owner)
        var named: [Name: Int] = [:]
        for (key, port) in ports {
            guard let name = Name(key) else { return nil }
            named[name] = port
        }
        self.ports = named
        parts = json("parts") ?? [:]
        revision = text("revision").flatMap { ObjectID($0) }
        firstPort = text("port").flatMap { Int($0) }.flatMap { (1...65535).contains($0) ? $0 : nil }
        ordinal = text("ordinal").flatMap { Int($0) }.flatMap { (0...1_000_000).contains($0) ? $0 : nil } ?? 0
        createdAt = Instant(milliseconds: created)
        if text("health") != nil {
            guard let check: HealthCheck = json("health") else { return nil }
            health = check
        } else {
            health = nil
        }
    }

    /// What `$(…)` stands for in its probes.
    public var placeholders: [String: String] {
        var values = ["HOST": "0.0.0.0"]
        for (name, port) in ports { values[Port(name: name).variable] = String(port) }
        values["PORT"] = firstPort.map { String($0) }
        return values
    }

    /// An observation of it.
    public func observed(_ state: ObservedInstance.State, endpoints: [Name: Endpoint]) -> ObservedInstance {
        ObservedInstance(
            id: id, workload: workload, generation: generation, parts: parts, revision: revision, state: state,
            createdAt: createdAt, endpoints: endpoints, health: health)
    }
}
