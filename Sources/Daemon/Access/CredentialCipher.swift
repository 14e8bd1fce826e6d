import CurfewDrivers
import CurfewModel
import CurfewSystem

/// Makes credentials ready for a reference that everybody can read: what is secret is encrypted with `age` to the person's
/// own SSH keys, a certificate goes as it is. What a backend says for people alone is left out: whoever reads a publication
/// works out for themselves what to do with it.
struct CredentialCipher: Sendable {
    private static let deadline = Duration.seconds(30)
    /// Ends the name of what is encrypted.
    static let suffix = ".age"

    /// The files of the reference.
    func files(_ credentials: [Credential], for person: Person) async throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for credential in credentials {
            if credential.isSecret {
                files[credential.file + Self.suffix] = try await encrypt(credential.content, to: person)
            } else if credential.file.hasSuffix(CredentialFile.certificateSuffix) {
                files[credential.file] = credential.content
            }
        }
        return files
    }

    private func encrypt(_ bytes: [UInt8], to person: Person) async throws -> [UInt8] {
        func failure(_ message: String) -> DaemonError {
            DaemonError(.storage, operation: "encrypt for", subject: person.name.rawValue, message)
        }
        let keys = person.loginKeys.filter { $0.type == "ssh-ed25519" || $0.type == "ssh-rsa" }
        guard !keys.isEmpty else {
            throw failure("no login key of theirs can be encrypted to (age takes ssh-ed25519 and ssh-rsa)")
        }
        let age = Program(
            "age", ["--armor"] + keys.flatMap { ["--recipient", $0.line] }, input: bytes, hint: "it is in the package age")
        do {
            let result = try await age.run(within: Self.deadline)
            guard result.isSuccess else { throw failure("age failed: \(result.complaint.escapingControls)") }
            return result.output
        } catch let error as SystemError { throw failure(error.description) }
    }
}

/// What a file of a publication is, by its name: for whoever writes it and whoever reads it.
public enum CredentialFile: Sendable, Hashable {
    /// An SSH certificate of a backend.
    case certificate(backend: String)
    /// Something secret, encrypted to the person.
    case secret(name: String)

    static let certificateSuffix = "-cert.pub"

    /// `nil` for a name that Curfew does not publish.
    public init?(_ file: String) {
        if file.hasSuffix(Self.certificateSuffix) {
            let parts = file.dropLast(Self.certificateSuffix.count).split(separator: "-", omittingEmptySubsequences: false)
            let backend = parts.dropLast().joined(separator: "-")
            guard parts.count > 1, Int(parts[parts.count - 1]) != nil, Name(backend) != nil else { return nil }
            self = .certificate(backend: backend)
        } else if file.hasSuffix(CredentialCipher.suffix) {
            let name = String(file.dropLast(CredentialCipher.suffix.count))
            guard let first = name.utf8.first, first != 0x2E, first != 0x2D, name.utf8.count <= 64 else { return nil }
            self = .secret(name: name)
        } else {
            return nil
        }
    }
}
