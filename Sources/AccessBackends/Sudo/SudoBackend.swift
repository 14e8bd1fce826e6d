public import CurfewDrivers
public import CurfewModel
import Glibc

/// Access by drop-ins of sudo: one file for each grant, with an end that sudo itself keeps to.
///
/// What is in place is what counts: ``end(_:)`` and ``observe()`` read the folder, the state folder only adds evidence.
public actor SudoBackend: AccessBackend {
    private let executor = SerialQueueExecutor(label: "curfew.sudo")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public nonisolated let name: Name
    public nonisolated let capabilities: AccessCapabilities
    let configuration: SudoBackendConfiguration
    let now: @Sendable () -> Instant
    let traces: TraceFolder
    /// How many ``give(_:)`` of a grant wait for `visudo` just now.
    var givings: [GrantID: Int] = [:]
    /// Grants that were ended while they waited: what waits must not be put in place any more.
    var overtaken: Set<GrantID> = []
    var lastForgotten: Instant?
    /// Makes the names of temporary files differ.
    var counter = 0

    /// Nothing is touched before ``open()``. `now` has to be the clock that sudo goes by.
    public init(configuration: SudoBackendConfiguration, now: @escaping @Sendable () -> Instant) {
        (self.configuration, self.now, name) = (configuration, now, configuration.name)
        traces = TraceFolder(path: configuration.stateFolder)
        capabilities = AccessCapabilities(
            selfExpiring: true, cutsSessions: true, tellsUse: configuration.log != nil,
            caveat:
                "a command that runs when Curfew is dead goes on until its TIMEOUT; what a command has left in the background"
                + " is not followed; whoever is root on the target, or sets its clock, can undo all of it")
    }

    /// Checks the configuration, makes the state folder and clears away what a kill has left half made.
    /// - Throws: ``DriverError``.
    public func open() async throws {
        if let problem = configuration.problem { throw failure("set up", name.rawValue, problem) }
        _ = try Visudo.program()
        guard let names = Files.names(in: configuration.folder) else {
            throw failure("open", configuration.folder, "it is not a folder that can be read: \(Files.reason())")
        }
        try traces.make()
        for name in names where name.hasPrefix(configuration.prefix) && name.hasSuffix("~") {
            unlink(configuration.folder + "/" + name)
        }
    }

    public nonisolated func problems(with settings: [String: Setting], for person: Person) -> [String] {
        RuleSettings.read(settings, for: person).problems
    }

    /// Where a grant's drop-in lies.
    func path(_ id: GrantID) -> String { "\(configuration.folder)/\(configuration.prefix)\(id)" }

    /// The names in the folder that sudo would read.
    func names() throws -> [String] {
        guard let names = Files.names(in: configuration.folder) else {
            throw failure("read", configuration.folder, Files.reason())
        }
        return names.filter { !$0.contains(".") && !$0.hasSuffix("~") }.sorted()
    }

    /// The drop-ins of ours that still give something.
    func liveDropIns(at moment: Instant) throws -> [DropIn] {
        try names().filter { $0.hasPrefix(configuration.prefix) }.compactMap { name in
            guard case .ours(let found) = DropInFile.read(configuration.folder + "/" + name), found.end > moment,
                name == "\(configuration.prefix)\(found.grant)"
            else { return nil }
            return found
        }
    }

    func failure(_ operation: String, _ subject: String, _ message: String) -> DriverError {
        DriverError(.failed, operation: operation, subject: subject.escapingControls, message)
    }
}
