import ArgumentParser
import CurfewGitSource
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// The commit by which a repository is told from every other one.
enum RepositoryRoot {
    /// A commit's 40 digits, or a file that holds them.
    static func read(_ text: String) throws -> ObjectID {
        if let id = ObjectID(text) { return id }
        guard let bytes = try PlainFile.read(text, limit: 4096),
            let id = ObjectID(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else {
            throw ValidationError(
                "--root \(text.escapingControls) has to be the 40 digits of a commit, or a file that holds them")
        }
        return id
    }
}

/// A public SSH key's file.
enum PublicKeyFile {
    static func read(_ path: String) throws -> SSHPublicKey {
        let bytes = try PlainFile.read((path as NSString).expandingTildeInPath, limit: 65_536) ?? []
        guard let key = SSHPublicKey(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw ValidationError("\(path.escapingControls): it is no public SSH key") }
        return key
    }
}

/// Which repository, and whose key: what no repository can say of itself.
struct AnchorOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The commit that trust.root pins, or a file that holds it; the default is what was used before, or the branch's first commit.",
            valueName: "commit|file"))
    var root: String?

    /// What was named, or what is known of the repository.
    func resolved(in clone: WorkingClone, at tip: ObjectID) async throws -> ObjectID {
        if let root { return try RepositoryRoot.read(root) }
        if let known = try KnownRepositories.read()[clone]?.root { return known }
        return try await clone.firstCommit(of: tip)
    }
}

/// Repositories that this person has used, by their address: their root and Curfew's key, as `known_hosts` has it for hosts.
struct KnownRepositories: Codable {
    struct Entry: Codable {
        var root: ObjectID
        var key: String
        /// Whether the person has named the key, or it was only the first one that was seen.
        var isConfirmed: Bool
    }
    /// What an earlier run put somewhere: path → SHA-256 of the content.
    private(set) var files: [String: String]? = [:]
    /// The newest publication that was taken, by repository and grant.
    private(set) var sequences: [String: Int64]? = [:]
    private var repositories: [String: Entry] = [:]
    private static let most = 1000

    /// `~/.local/state/curfew/repositories.json`.
    static var path: String {
        func set(_ name: String) -> String? { getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } }
        let home = set("HOME") ?? NSHomeDirectory()
        return (set("XDG_STATE_HOME") ?? home + "/.local/state") + "/curfew/repositories.json"
    }

    static func read() throws -> KnownRepositories {
        guard let bytes = try PlainFile.read(path, limit: 4 << 20) else { return KnownRepositories() }
        do { return try JSONDecoder().decode(KnownRepositories.self, from: Data(bytes)) } catch {
            throw CredentialFailure(description: "\(path) cannot be read (\(error)); correct it, or move it away")
        }
    }

    func write() throws {
        let folder = (Self.path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let coder = JSONEncoder()
        coder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(Array(try coder.encode(self)), to: Self.path)
    }

    subscript(clone: WorkingClone) -> Entry? { repositories[clone.address ?? "remote \(clone.remote)"] }

    mutating func know(_ clone: WorkingClone, _ entry: Entry) {
        repositories[clone.address ?? "remote \(clone.remote)"] = entry
    }

    /// Notes a publication; `false` when a newer one was taken before.
    mutating func take(_ statement: PublicationStatement, of grant: Name) -> Bool {
        let name = "\(statement.root) \(grant)"
        guard statement.sequence >= sequences?[name] ?? 0 else { return false }
        sequences = Self.bounded(sequences ?? [:]).merging([name: statement.sequence]) { $1 }
        return true
    }

    mutating func wrote(_ digest: String, to path: String) {
        files = Self.bounded((files ?? [:]).filter { access($0.key, F_OK) == 0 }).merging([path: digest]) { $1 }
    }

    static func digest(_ bytes: [UInt8]) -> String { PublicationStatement.digest(bytes) }

    private static func bounded<Value>(_ values: [String: Value]) -> [String: Value] { values.count < most ? values : [:] }
}
