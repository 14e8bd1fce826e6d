import CurfewDrivers
public import CurfewModel

/// The labels of an engine's object that is no instance: a volume, a network, an image, a secret. What is there is used only
/// when it carries them: a name alone says nothing about who made a thing.
public struct ObjectMark: Sendable, Hashable {
    /// All of them, with their prefix.
    public let labels: [String: String]

    /// - Parameters:
    ///   - kind: `volume`, `network`, `image`, `secret`.
    ///   - owner: see ``EngineClaim``.
    ///   - more: what else tells it apart, without the prefix.
    public init(_ kind: String, owner: String, _ more: [String: String] = [:]) {
        var labels = [ContainerMark.kind: kind, ContainerMark.prefix + "owner": owner]
        for (key, value) in more { labels[ContainerMark.prefix + key] = value }
        self.labels = labels
    }

    /// A workload's volume.
    public static func volume(_ volume: Name, of workload: Name, owner: String) -> ObjectMark {
        ObjectMark("volume", owner: owner, ["workload": workload.rawValue, "volume": volume.rawValue])
    }

    /// Whether an object carries it.
    public func isOn(_ found: [String: String]?) -> Bool { labels.allSatisfy { found?[$0.key] == $0.value } }

    /// Whether an object was made by a version of Curfew that wrote no owner and fewer labels: the kind is right, what it says
    /// agrees, and nobody else's name is on it.
    public func isFormer(_ found: [String: String]?, needing keys: [String] = []) -> Bool {
        guard let found, found[ContainerMark.kind] == labels[ContainerMark.kind],
            found[ContainerMark.prefix + "owner"] == nil
        else { return false }
        return labels.allSatisfy { key, value in found[key] == nil || found[key] == value }
            && keys.allSatisfy { found[ContainerMark.prefix + $0] != nil }
    }

    /// Refuses an object that is not ours.
    /// - Parameters:
    ///   - what: `volume curfew.web.data`.
    ///   - removal: how it is removed, a command.
    ///   - folder: the runtime's folder, where the owner is written down.
    /// - Throws: ``DriverError`` that says whose it is and what to do.
    public func check(_ found: [String: String]?, _ what: String, removal: String, folder: String) throws {
        guard !isOn(found) else { return }
        let owner = found?[ContainerMark.prefix + "owner"]
        let mine = labels[ContainerMark.prefix + "owner"]
        let reason: String
        if let owner, owner != mine {
            let shown = String(owner.prefix(64)).escapingControls
            reason =
                "it belongs to another Curfew (\(shown)); to go on with what is in it, stop Curfew, write that id into \(folder)/owner and start it again, or else remove it: \(removal)"
        } else {
            reason =
                "it is there and does not carry the labels that Curfew would have given it, so it is somebody else's; rename or remove it: \(removal)"
        }
        throw DriverError(.failed, operation: "use", subject: what, reason)
    }
}
