public import CurfewDrivers
public import CurfewModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

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
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
                throw DriverError(.failed, operation: operation, subject: secret.path, "\(folder)/\(name) cannot be read")
            }
            return try bounded([UInt8](data), secret)
        case .age(let path, let id):
            guard let id else { throw DriverError(.failed, operation: operation, subject: secret.path, "\(path) is not there") }
            guard let identity = settings.identity else {
                throw DriverError(
                    .failed, operation: operation, subject: secret.path, "the service's configuration names no secrets.identity"
                )
            }
            let encrypted = try await artifacts.blob(id, limit: ByteCount(Int64(Self.limit * 2)))
            let (bytes, fault) = try await decrypt(encrypted, identity, secret)
            if let fault {
                throw DriverError(.failed, operation: operation, subject: secret.path, "\(path) cannot be decrypted: \(fault)")
            }
            return try bounded(bytes, secret)
        }
    }

    private func decrypt(_ encrypted: [UInt8], _ identity: String, _ secret: SecretFile) async throws -> ([UInt8], String?) {
        do {
            let made = try await run(
                .name("age"), arguments: ["--decrypt", "--identity", identity], input: .array(encrypted),
                output: .bytes(limit: Self.limit + 1), error: .string(limit: 4096))
            let said = made.standardError.split(separator: "\n").first.map { String($0.prefix(200)).escapingControls }
            return (made.standardOutput, made.terminationStatus.isSuccess ? nil : said ?? "age failed")
        } catch {
            throw DriverError(
                .missingProgram, operation: "read the secret for", subject: secret.path,
                "age cannot be run; install it with: apt-get install age")
        }
    }

    private func bounded(_ bytes: [UInt8], _ secret: SecretFile) throws -> [UInt8] {
        guard bytes.count <= Self.limit else {
            throw DriverError(
                .failed, operation: "read the secret for", subject: secret.path, "it has more than \(Self.limit / 1024) KiB")
        }
        return bytes
    }
}
