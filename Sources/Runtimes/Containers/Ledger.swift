import CurfewDrivers
public import CurfewModel
public import Foundation

/// Which object of the engine each instance is, one small file each: what tells ours from one that somebody made anew
/// with the same labels, and what has to be there from what never was. Losing it costs replacements, nothing else.
public final class Ledger: Sendable {
    /// What is known of one instance.
    public struct Entry: Sendable, Codable, Hashable {
        /// The engine's id of it.
        public var object: String
        /// What the engine was asked to make, as a driver encodes it.
        public var document: Data
        /// What the engine said when it was started: RFC 3339; `nil` until then.
        public var startedAt: String?
        /// Why it cannot be trusted any more; told once and kept.
        public var tampered: String?
        /// Makes an entry.
        public init(object: String, document: Data, startedAt: String? = nil, tampered: String? = nil) {
            (self.object, self.document, self.startedAt, self.tampered) = (object, document, startedAt, tampered)
        }
    }
    private let folder: String

    /// Opens the ledger in a folder, which is made.
    public init(folder: String) throws {
        self.folder = folder
        try SmallFile.makeFolder(folder)
    }

    /// Everything that is written down.
    public func entries() throws -> [InstanceID: Entry] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw DriverError(.storage, operation: "read the ledger", subject: folder, "the folder cannot be read")
        }
        var entries: [InstanceID: Entry] = [:]
        for name in names {
            guard let id = InstanceID(name), let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
                continue
            }
            // One that is damaged counts as none: its instance is replaced.
            if let entry = try? JSONDecoder().decode(Entry.self, from: data) { entries[id] = entry }
        }
        return entries
    }

    /// Writes one entry, durably.
    public func write(_ id: InstanceID, _ entry: Entry) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(entry) else { return }
        try SmallFile.replace("\(folder)/\(id)", data)
    }

    /// Forgets one.
    public func remove(_ id: InstanceID) { try? FileManager.default.removeItem(atPath: "\(folder)/\(id)") }
}
