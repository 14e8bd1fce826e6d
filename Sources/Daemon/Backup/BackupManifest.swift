public import CurfewModel
import Foundation

/// The last member of a backup: what it holds. A backup without it was cut off.
struct BackupManifest: Codable, Sendable, Hashable {
    /// A file of the state folder.
    struct File: Codable, Sendable, Hashable {
        /// Relative to the state folder.
        var path: String
        /// In bytes.
        var size: Int64
        /// 64 lower-case hexadecimal digits.
        var sha256: String
    }
    /// The version of the format; this program knows 1.
    var format = 1
    /// The version of the program that made it.
    var madeBy = Version.current
    /// When.
    var at: Instant
    /// Whether the recordings of sessions are in it.
    var hasRecordings: Bool
    /// Events of the journal.
    var events: Int64
    /// The hash of its last event.
    var head: String
    var files: [File]

    /// Its name in the archive.
    static let path = "manifest.json"
    /// The journal's.
    static let journal = "journal.sqlite"
    /// More than a million files, in bytes.
    static let mostSize: Int64 = 256 << 20

    /// Whether a file of this name can be part of a backup. What is in it decides where it goes, so there is a list.
    static func allows(_ path: String) -> Bool {
        if path == journal { return true }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.count <= 255 && part != "." && part != ".."
                && part.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
        guard isPlain, path.utf8.count <= 255 else { return false }
        switch parts[0] {
        case "control": return (2...3).contains(parts.count)
        case "access": return (3...6).contains(parts.count)
        case "recordings": return parts.count == 2 && path.hasSuffix(".cast")
        case "runtimes": return parts.count == 3 && keys.contains(String(parts[2]))
        default: return false
        }
    }

    /// What a runtime cannot make anew: who it is to its engine, and the key that names secrets.
    static let keys = ["owner", "names.key"]
}

/// What was backed up or restored.
public struct BackupReport: Codable, Sendable, Hashable {
    /// When the backup was made.
    public var at: Instant
    /// Files in it.
    public var files: Int
    /// Their bytes.
    public var bytes: Int64
    /// Events of the journal.
    public var events: Int64
    /// The hash of the journal's last event, 64 hexadecimal digits.
    public var head: String
    /// Where what was there before is kept, after a restore over an older state.
    public var keptIn: String?

    init(_ manifest: BackupManifest, keptIn: String? = nil) {
        self.init(
            at: manifest.at, files: manifest.files.count, bytes: manifest.files.reduce(0) { $0 + $1.size },
            events: manifest.events, head: manifest.head, keptIn: keptIn)
    }

    init(at: Instant, files: Int, bytes: Int64, events: Int64, head: String, keptIn: String?) {
        (self.at, self.files, self.bytes, self.events) = (at, files, bytes, events)
        (self.head, self.keptIn) = (head, keptIn)
    }
}
