public import CurfewDockerAPI
import CurfewDrivers
import Foundation

/// One engine belongs to one Curfew. The claim is a volume of a fixed name, whose labels say whose it is; making one that
/// exists gives back the one that exists, so of two that begin together one wins.
public enum EngineClaim {
    /// The volume.
    public static let volume = "curfew-claim"

    /// What names this Curfew to engines: random, made once, kept in `<folder>/owner`.
    /// - Throws: ``DriverError`` when it cannot be read or written.
    public static func owner(folder: String) throws -> String {
        let path = folder + "/owner"
        guard FileManager.default.fileExists(atPath: path) else {
            let owner = UUID().uuidString.lowercased()
            try SmallFile.makeFolder(folder)
            try SmallFile.replace(path, Data(owner.utf8))
            return owner
        }
        guard let data = FileManager.default.contents(atPath: path),
            let owner = UUID(uuidString: String(decoding: data, as: UTF8.self))
        else {
            throw DriverError(.storage, operation: "read", subject: path, "it cannot be read or is damaged")
        }
        return owner.uuidString.lowercased()
    }

    /// Takes the engine, or finds that it is ours already.
    /// - Throws: ``DriverError`` when it belongs to another Curfew; then nothing is to be touched there.
    public static func take(_ client: DockerClient, owner: String, state: String) async throws {
        try await client.createVolume(name: volume, labels: labels(owner: owner, state: state))
        let found = try await client.volume(volume).Labels ?? [:]
        try check(
            found, owner: owner, of: "the engine", at: "\(client.endpoint)", remedy: "docker volume rm \(volume)")
    }

    /// The labels of a claim.
    public static func labels(owner: String, state: String) -> [String: String] {
        [
            ContainerMark.kind: "claim", ContainerMark.prefix + "owner": owner, ContainerMark.prefix + "state": state,
            ContainerMark.prefix + "host": ProcessInfo.processInfo.hostName,
        ]
    }

    /// Whether a claim that is there is ours.
    /// - Throws: ``DriverError`` that says whose it is, and how to end it.
    public static func check(
        _ found: [String: String], owner: String, of what: String, at place: String, remedy: String
    ) throws {
        guard found[ContainerMark.prefix + "owner"] != owner else { return }
        func text(_ key: String) -> String {
            String((found[ContainerMark.prefix + key] ?? "unknown").prefix(200)).escapingControls
        }
        throw DriverError(
            .unreachable, operation: "use \(what)", subject: place,
            "it belongs to another Curfew (state folder \(text("state")) on host \(text("host"))), and two would undo each "
                + "other's work; nothing is touched. If that one is gone for good: \(remedy)")
    }
}
