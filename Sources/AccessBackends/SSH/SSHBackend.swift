public import CurfewDrivers
public import CurfewModel
import Foundation

/// How the SSH backend is set up.
public struct SSHBackendConfiguration: Sendable, Hashable {
    /// What roles call it.
    public var name: Name
    /// Where it keeps what it issued; absolute.
    public var folder: String
    /// The private key of the certificate authority.
    public var ca: String
    /// The file that sshd's `RevokedKeys` names.
    public var krl: String
    /// The folder of `AuthorizedPrincipalsFile <folder>/%u`; `nil` = the hosts map principals themselves.
    public var principals: String?
    /// sshd's log at `LogLevel VERBOSE`, for evidence of use and for cutting sessions.
    public var authLog: String?
    /// Whether live sessions on this host are ended.
    public var cutSessions = true
    /// Run at the end of each grant, for other hosts: an argument vector in which `{grant}` and `{serial}` are replaced.
    public var hook: [String] = []
    /// What people log in to, for the command that is shown to them.
    public var host = "HOST"

    /// Makes a configuration with the documented defaults.
    public init(name: Name, folder: String, ca: String) {
        (self.name, self.folder, self.ca) = (name, folder, ca)
        krl = folder + "/krl"
    }
}

/// Access by user certificates of OpenSSH: each is valid for its grant's time and for nothing else, so that the hosts end it by
/// themselves; at the end it is revoked as well, and its live sessions on this host are cut.
public actor SSHBackend: AccessBackend {
    private let executor = SerialQueueExecutor(label: "curfew.ssh")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public nonisolated let name: Name
    public nonisolated let capabilities: AccessCapabilities
    let configuration: SSHBackendConfiguration
    let now: @Sendable () -> Instant
    let keygen: Keygen
    var issued: [GrantID: IssuedCertificate] = [:]
    var log: AuthLog?

    /// Nothing is touched before ``open()``.
    public init(configuration: SSHBackendConfiguration, now: @escaping @Sendable () -> Instant) {
        (self.configuration, self.now, name) = (configuration, now, configuration.name)
        keygen = Keygen(ca: configuration.ca, krl: configuration.krl, folder: configuration.folder)
        log = configuration.authLog.map { AuthLog(path: $0) }
        capabilities = AccessCapabilities(
            selfExpiring: true, cutsSessions: configuration.cutSessions, tellsUse: configuration.authLog != nil,
            caveat: "a session that is open when Curfew is dead stays open until it is closed; no new one begins after the end")
    }

    /// Reads what was issued, and makes sure that there is a revocation list: without one sshd refuses everybody.
    /// - Throws: ``DriverError`` when the authority's key cannot be used or the folder cannot be written.
    public func open() throws {
        for folder in [configuration.folder, issuedFolder] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
            } catch { throw keygen.failure("make folder", folder, "it cannot be made") }
        }
        try keygen.prepare()
        for name in (try? FileManager.default.contentsOfDirectory(atPath: issuedFolder)) ?? [] {
            guard let record = IssuedCertificate.read(issuedFolder + "/" + name), record.id.description == name else {
                continue
            }
            issued[record.id] = record
        }
        if try keygen.revokedSerials() == nil { try keygen.writeList(revoked: revokedSerials()) }
        try writePrincipals()
    }

    var issuedFolder: String { configuration.folder + "/issued" }

    public nonisolated func problems(with settings: [String: Setting], for person: Person) -> [String] {
        CertificateOrder.problems(settings, person)
    }

    public func give(_ order: AccessOrder) throws -> [Credential] {
        let problems = CertificateOrder.problems(order.settings, order.person)
        guard problems.isEmpty else { throw keygen.failure("issue", "\(order.id)", problems.joined(separator: "; ")) }
        var record = issued[order.id] ?? IssuedCertificate(order)
        // What was issued before is never lengthened.
        record.end = min(record.end, order.end)
        guard record.end > now(), !record.isRevoked else {
            throw keygen.failure("issue", "\(order.id)", "its time is over (\(record.end.text))")
        }
        if record.certificates.isEmpty {
            let request = CertificateOrder(order, end: record.end, unique: configuration.principals != nil)
            record.certificates = try order.person.loginKeys.map { try keygen.sign($0, request) }
            record.principals = request.principals
            try record.write(to: issuedFolder + "/\(order.id)")
        }
        issued[order.id] = record
        try writePrincipals()
        return record.certificates.enumerated().map { index, certificate in
            Credential(
                file: "\(name)-\(index + 1)-cert.pub", content: Array(certificate.utf8), isSecret: false,
                hint: "ssh -i {key} \(record.principals.first ?? "")@\(configuration.host)")
        }
    }

    public func observe() throws -> [ObservedAccess] {
        var result = issued.values.map { record in
            ObservedAccess(
                grant: record.id, subject: "serial \(record.id.serial)", end: record.end, isRevoked: record.isRevoked,
                detail: record.principals.joined(separator: ", "))
        }
        result += foreignLines().map { ObservedAccess(grant: nil, subject: $0.file, end: nil, detail: $0.line) }
        return result.sorted { $0.subject < $1.subject }
    }

    public func evidence(_ id: GrantID) throws -> AccessEvidence {
        guard log != nil else { return AccessEvidence(used: nil) }
        guard let logins = log?.logins(serial: id.serial, grant: id) else { return AccessEvidence(used: nil) }
        return AccessEvidence(used: !logins.isEmpty, lines: logins.suffix(20).map(\.description))
    }
}
