public import CurfewDrivers
public import CurfewModel
import CurfewSystem

/// Access by user certificates of OpenSSH: each is valid for its grant's time and for nothing else, so that the hosts end it by
/// themselves; at the end it is revoked as well, and its live sessions on this host are cut.
///
/// Only ``give(_:)`` needs the authority's private key, and waits for it beside everything else: revoking needs the public half
/// alone, which is kept in the backend's folder.
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
    var log: LoginLog?
    /// What was repaired since somebody asked, at most 20.
    var repairs: [String] = []
    /// Why nothing can be given; `nil` when it can.
    var authorityProblem: String?
    var watcher: Task<Void, Never>?

    /// Nothing is touched before ``open()``.
    public init(configuration: SSHBackendConfiguration, now: @escaping @Sendable () -> Instant) {
        (self.configuration, self.now, name) = (configuration, now, configuration.name)
        keygen = Keygen(
            ca: configuration.ca, agent: configuration.agentSocket, folder: configuration.folder,
            signTimeout: configuration.signTimeout)
        list = RevocationFile(path: configuration.krl, keygen: keygen)
        principals = configuration.principals.map { PrincipalsFolder(path: $0) }
        log = configuration.authLog.map { LoginLog($0) }
        capabilities = AccessCapabilities(
            selfExpiring: true, cutsSessions: configuration.cutSessions && configuration.authLog != nil,
            tellsUse: configuration.authLog != nil,
            caveat: "a session that is open when Curfew is dead stays open until it is closed; no new one begins after the end")
    }

    deinit { watcher?.cancel() }

    public nonisolated func problems(with settings: [String: Setting], for person: Person) -> [String] {
        CertificateOrder.problems(settings, person)
    }

    public func observe() throws -> [ObservedAccess] {
        repair()
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

    public func report() async -> AccessReport {
        defer { repairs = [] }
        return AccessReport(repairs: repairs, problems: [authorityProblem, listProblem, log?.problem].compactMap { $0 })
    }

    /// Why a log is not to be trusted by itself: others than root may write to it; `nil` when it is.
    public static func logProblem(_ place: String) -> String? { LoginLog.problem(place) }

    public func removeForeign(_ access: ObservedAccess) throws {
        guard access.grant == nil, let principals, !PrincipalsFolder.isOurs(access.detail) else {
            throw DriverError(.unsupported, operation: "remove", subject: access.subject, "it is no line of a principals file")
        }
        try principals.remove(access.detail, of: access.subject)
    }
}
