public import CurfewDrivers
public import CurfewModel
import CurfewSystem

/// Where a service's secrets come from.
public struct SecretSettings: Sendable, Hashable {
    /// Files that manifests name by `file`; absolute.
    public var folder: String?
    /// The `age` identity that encrypted files of the repository are opened with; absolute.
    public var identity: String?
    /// Makes settings.
    public init(folder: String? = nil, identity: String? = nil) { (self.folder, self.identity) = (folder, identity) }
}

/// Opens secrets. What it returns goes into files alone: never into the environment, a label, a log or an error.
public struct SecretReader: Sendable {
    /// The most that one secret may have, as Swarm allows it.
    public static let limit = 500 * 1024
    /// A passphrase may be made to cost hours of work.
    private static let patience = Duration.seconds(20)
    private let settings: SecretSettings
    private let artifacts: any ArtifactSource

    /// Makes a reader.
    public init(settings: SecretSettings, artifacts: any ArtifactSource) {
        (self.settings, self.artifacts) = (settings, artifacts)
    }

    /// The bytes of a secret.
    /// - Throws: ``DriverError`` that names the secret and never its content.
    public func read(_ secret: SecretFile) async throws -> [UInt8] {
        let operation = "read the secret for"
        switch secret.source {
        case .file(let name):
            guard let folder = settings.folder else {
                throw DriverError(
                    .failed, operation: operation, subject: secret.path, "the service's configuration names no secrets.folder")
            }
            let path = "\(folder)/\(name)"
            let found: [UInt8]?
            do { found = try PlainFile.read(path, limit: Self.limit) } catch {
                throw DriverError(
                    .failed, operation: operation, subject: secret.path, "\(path) cannot be used: \(error.message)")
            }
            guard let found else {
                throw DriverError(.failed, operation: operation, subject: secret.path, "there is no file \(path)")
            }
            return found
        case .age(let path, let id):
            guard let id else { throw DriverError(.failed, operation: operation, subject: secret.path, "\(path) is not there") }
            guard let identity = settings.identity else {
                throw DriverError(
                    .failed, operation: operation, subject: secret.path, "the service's configuration names no secrets.identity"
                )
            }
            let encrypted = try await artifacts.blob(id, limit: ByteCount(Int64(Self.limit * 2)))
            return try await decrypt(encrypted, path, identity, secret)
        }
    }

    /// The encrypted bytes come from the repository, so they are anything: `age` gets them as a file that is whole, may write
    /// no more than a secret has, and has no terminal to ask for a passphrase at.
    private func decrypt(_ encrypted: [UInt8], _ path: String, _ identity: String, _ secret: SecretFile) async throws -> [UInt8]
    {
        func failure(_ code: DriverError.Code, _ message: String) -> DriverError {
            DriverError(code, operation: "read the secret for", subject: secret.path, message)
        }
        let age = Program(
            "age", ["--decrypt", "--identity", identity], input: encrypted, outputLimit: Self.limit, errorLimit: 4096,
            hint: "install it with: apt-get install age")
        let made: Program.Result
        do { made = try await age.run(within: Self.patience) } catch {
            switch error.code {
            case .missingProgram: throw failure(.missingProgram, "age cannot be run: \(error.message)")
            case .tooLarge: throw failure(.failed, "\(path) holds more than \(Self.limit / 1024) KiB")
            default: throw failure(.failed, "\(path) cannot be decrypted: \(error.message)")
            }
        }
        guard made.isSuccess else {
            let said = made.complaint.split(separator: "\n").first.map { String($0.prefix(200)).escapingControls }
            throw failure(.failed, "\(path) cannot be decrypted: \(said ?? "age failed")")
        }
        return made.output
    }
}
