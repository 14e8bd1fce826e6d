public import CurfewDrivers
public import CurfewModel
import Glibc

/// A way into instances that leads through Curfew: each session is bound to a grant, recorded and cut at its end.
///
/// The backend keeps who may go in and knows who is in. Letting people in, and recording them, is for whoever calls
/// ``begin(_:of:command:)``: the service.
public actor ExecBackend: AccessBackend {
    private let executor = SerialQueueExecutor(label: "curfew.exec")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public nonisolated let name: Name
    public nonisolated let capabilities: AccessCapabilities
    /// How it is set up.
    public nonisolated let configuration: ExecBackendConfiguration
    let now: @Sendable () -> Instant
    let records: RecordFolder
    let uses: UseFolder
    /// Who is in just now, by session.
    var live: [String: LiveSession] = [:]
    /// Curfew stops: nobody gets in any more.
    var isClosing = false
    private var lastForgotten: Instant?

    /// Somebody who is in.
    struct LiveSession {
        var session: any ExecSession
        var use: Use
    }

    /// Nothing is touched before ``open()``. `now` is the clock that sessions end by.
    public init(configuration: ExecBackendConfiguration, now: @escaping @Sendable () -> Instant) {
        (self.configuration, self.now, name) = (configuration, now, configuration.name)
        records = RecordFolder(path: configuration.folder)
        uses = UseFolder(path: configuration.folder + "/" + UseFolder.name)
        capabilities = AccessCapabilities(
            selfExpiring: true, cutsSessions: true, tellsUse: true,
            caveat:
                "nobody gets in while Curfew is dead, and its death cuts every session; a process that a session left running "
                + "inside an instance lives until the instance is replaced")
    }

    /// Makes its folders and clears away what a kill has left half made.
    /// - Throws: ``DriverError``.
    public func open() async throws {
        isClosing = false
        try Files.makeFolder(configuration.folder)
        try Files.makeFolder(uses.path)
        for name in Files.names(in: configuration.folder) ?? [] where name.hasSuffix("~") {
            unlink(configuration.folder + "/" + name)
        }
        // Whoever was in when Curfew died is out: its connections died with it.
        for file in Files.names(in: uses.path) ?? [] where file.hasSuffix("~") { unlink(uses.path + "/" + file) }
    }

    public nonisolated func problems(with settings: [String: Setting], for person: Person) -> [String] {
        ExecSettings.read(settings, for: person).problems
    }

    /// Once an hour, what is older than anybody asks for.
    func forget() {
        let moment = now()
        guard lastForgotten.map({ moment - $0 > .seconds(3600) }) ?? true else { return }
        lastForgotten = moment
        uses.forget(at: moment)
    }

    func failure(_ operation: String, _ subject: String, _ message: String) -> DriverError {
        DriverError(.failed, operation: operation, subject: subject.escapingControls, message)
    }
}
