public import CurfewDrivers
public import CurfewModel
import Foundation

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
    let principals: PrincipalsFolder?
    var list: RevocationFile
    var issued: [GrantID: IssuedCertificate] = [:]
    /// Serials that are revoked though no record tells why, and since when that is known.
    var adopted: [UInt64: Instant] = [:]
    var log: AuthLog?

    /// Nothing is touched before ``open()``.
    public init(configuration: SSHBackendConfiguration, now: @escaping @Sendable () -> Instant) {
        (self.configuration, self.now, name) = (configuration, now, configuration.name)
        keygen = Keygen(ca: configuration.ca, agent: configuration.agentSocket, folder: configuration.folder)
        list = RevocationFile(path: configuration.krl, keygen: keygen)
        principals = configuration.principals.map { PrincipalsFolder(path: $0) }
        log = configuration.authLog.map { AuthLog(path: $0) }
        capabilities = AccessCapabilities(
            selfExpiring: true, cutsSessions: configuration.cutSessions && configuration.authLog != nil,
            tellsUse: configuration.authLog != nil,
            caveat: "a session that is open when Curfew is dead stays open until it is closed; no new one begins after the end")
    }

    public nonisolated func problems(with settings: [String: Setting], for person: Person) -> [String] {
        CertificateOrder.problems(settings, person)
    }

    public func give(_ order: AccessOrder) throws -> [Credential] {
        let problems = CertificateOrder.problems(order.settings, order.person)
        guard problems.isEmpty else { throw keygen.failure("issue", "\(order.id)", problems.joined(separator: "; ")) }
        let moment = now()
        var record = issued[order.id] ?? IssuedCertificate(order)
        guard min(record.end, order.end) > moment else {
            throw keygen.failure("issue", "\(order.id)", "its time is over (\(min(record.end, order.end).text))")
        }
        let isRevoked = try list.read()?.serials.contains(order.id.serial) ?? false
        guard !record.isRevoked, !isRevoked, adopted[order.id.serial] == nil else {
            throw keygen.failure("issue", "\(order.id)", "it was ended already; access again is a new grant")
        }
        // What was issued before is never lengthened; what was too long is issued again.
        let isNew = record.certificates.isEmpty || order.end < record.end
        if isNew {
            record.end = min(record.end, order.end)
            let request = CertificateOrder(order, end: record.end, unique: principals != nil)
            record.certificates = try order.person.loginKeys.map { try keygen.sign($0, request) }
            record.principals = request.principals
            // Known before it is usable: a certificate that nobody remembers could not be told from a forged one.
            try record.write(to: issuedFolder + "/\(order.id)")
            issued[order.id] = record
        }
        if let principals {
            for account in Set(record.principals) { try writePrincipals(account, in: principals) }
        }
        return record.certificates.enumerated().map { index, certificate in
            Credential(
                file: "\(name)-\(index + 1)-cert.pub", content: Array(certificate.utf8), isSecret: false,
                hint: "ssh -i {key} \(record.principals.first ?? "")@\(configuration.host)")
        }
    }

    public func observe() throws -> [ObservedAccess] {
        let revoked = try list.read()?.serials ?? []
        var result = issued.values.map { record in
            ObservedAccess(
                grant: record.id, subject: "serial \(record.id.serial)", end: record.end,
                isRevoked: record.isRevoked && revoked.contains(record.id.serial),
                detail: record.principals.joined(separator: ", "))
        }
        result += (principals?.foreign() ?? []).map {
            ObservedAccess(grant: nil, subject: $0.file, end: nil, detail: $0.line)
        }
        return result.sorted { ($0.subject, $0.detail) < ($1.subject, $1.detail) }
    }

    public func evidence(_ id: GrantID) throws -> AccessEvidence {
        guard log?.refresh() == true, let logins = log?.logins(of: id) else { return AccessEvidence(used: nil) }
        return AccessEvidence(used: !logins.isEmpty, lines: logins.suffix(20).map(\.description))
    }

    public func removeForeign(_ access: ObservedAccess) throws {
        guard access.grant == nil, let principals, !PrincipalsFolder.isOurs(access.detail) else {
            throw DriverError(.unsupported, operation: "remove", subject: access.subject, "it is no line of a principals file")
        }
        try principals.remove(access.detail, of: access.subject)
    }
}
