import CurfewDrivers
public import CurfewModel
import Foundation
public import Glibc

/// The files that an engine on this machine mounts into containers as secrets: a private folder for each instance, gone
/// with it.
public struct SecretFolder: Sendable {
    private let folder: String
    private let reader: SecretReader

    /// - Parameter folder: a private folder; put the state on a disk in memory or an encrypted one to keep secrets off disks.
    public init(folder: String, reader: SecretReader) { (self.folder, self.reader) = (folder, reader) }

    /// Writes the secrets of an instance; returns the files by path in the container.
    /// - Parameter user: the numeric user of the container; `nil` = not known, then everybody in the container can read.
    public func write(_ secrets: [SecretFile], of id: InstanceID, user: uid_t?) async throws -> [String: String] {
        guard !secrets.isEmpty else { return [:] }
        try SmallFile.makeFolder("\(folder)/\(id)")
        var files: [String: String] = [:]
        for (number, secret) in secrets.enumerated() {
            let path = "\(folder)/\(id)/\(number)"
            let bytes = try await reader.read(secret)
            try SmallFile.replace(path, Data(bytes), mode: user == nil ? 0o444 : 0o400, owner: user.map { ($0, gid_t.max) })
            files[secret.path] = path
        }
        return files
    }

    /// Removes the secrets of an instance.
    public func remove(_ id: InstanceID) { try? FileManager.default.removeItem(atPath: "\(folder)/\(id)") }

    /// Removes the secrets of all instances but these.
    public func keep(_ ids: Set<InstanceID>) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            if let id = InstanceID(name), !ids.contains(id) { remove(id) }
        }
    }
}
