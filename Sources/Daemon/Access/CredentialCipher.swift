import CurfewDrivers
public import CurfewModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Makes credentials ready for a reference that everybody can read: what is secret is encrypted with `age` to the person's
/// own SSH keys; what is public (a certificate) goes as it is.
struct CredentialCipher: Sendable {
    /// The files of the reference, and `credential.json`, which says what to do with them.
    func files(_ credentials: [Credential], for person: Person, id: GrantID, end: Instant) async throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        var entries: [CredentialIndex.Entry] = []
        for credential in credentials {
            let name = credential.isSecret ? credential.file + ".age" : credential.file
            files[name] = credential.isSecret ? try await encrypt(credential.content, to: person) : credential.content
            entries.append(.init(file: name, isSecret: credential.isSecret, hint: credential.hint))
        }
        let index = CredentialIndex(grant: id.name, blob: id.blob, person: person.name, end: end, entries: entries)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        files[CredentialIndex.file] = [UInt8](try encoder.encode(index))
        return files
    }

    private func encrypt(_ bytes: [UInt8], to person: Person) async throws -> [UInt8] {
        let keys = person.loginKeys.filter { $0.type == "ssh-ed25519" || $0.type == "ssh-rsa" }
        guard !keys.isEmpty else {
            throw DaemonError(
                .storage, operation: "encrypt for", subject: person.name.rawValue,
                "no login key of theirs can be encrypted to (age takes ssh-ed25519 and ssh-rsa)")
        }
        let result = try await run(
            .name("age"), arguments: Arguments(["--armor"] + keys.flatMap { ["--recipient", $0.line] }),
            input: .array(bytes), output: .bytes(limit: 1 << 20), error: .string(limit: 4096))
        guard case .exited(0) = result.terminationStatus else {
            throw DaemonError(
                .storage, operation: "encrypt for", subject: person.name.rawValue,
                "age failed: \(result.standardError.prefix(200)) (it is in the package age)")
        }
        return result.standardOutput
    }
}

/// What lies beside the files on `refs/curfew/credentials/<grant>`.
public struct CredentialIndex: Sendable, Codable {
    /// One file.
    public struct Entry: Sendable, Codable {
        /// Its name.
        public var file: String
        /// Whether it is encrypted with `age`.
        public var isSecret: Bool
        /// What to do with it.
        public var hint: String
    }
    /// Its own name.
    public static let file = "credential.json"
    /// The grant.
    public var grant: Name
    /// The blob of its file.
    public var blob: ObjectID
    /// Whose it is.
    public var person: Name
    /// When it ends.
    public var end: Instant
    /// The files.
    public var entries: [Entry]
}
