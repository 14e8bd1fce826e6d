public import CurfewDrivers
public import CurfewModel
import CurfewSystem
import Glibc
import Synchronization

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
    /// What was repaired since somebody asked, at most 20.
    var repairs: [String] = []
    var watcher: Task<Void, Never>?
    /// Whether this is the host that it gives access to, so that its accounts and programs can be asked.
    nonisolated let isOpen = Atomic(false)
    /// Makes the names of temporary files differ.
    var counter = 0

    /// Nothing is touched before ``open()``. `now` has to be the clock that sudo goes by.
    public init(configuration: SudoBackendConfiguration, now: @escaping @Sendable () -> Instant) {
        (self.configuration, self.now, name) = (configuration, now, configuration.name)
        traces = TraceFolder(path: configuration.stateFolder)
        capabilities = AccessCapabilities(
            selfExpiring: true, cutsSessions: true, tellsUse: configuration.log != nil,
            caveat:
                "with Curfew dead, whoever kills their own sudo keeps the command that it ran, and a password prompt waits for half"
                + " a minute beyond the end; whoever is root on the target, or sets its clock, can undo all of it")
    }

    /// Checks the configuration, makes the state folder and clears away what a kill has left half made.
    /// - Throws: ``DriverError``.
    public func open() async throws {
        if let problem = configuration.problem { throw failure("set up", name.rawValue, problem) }
        _ = try Visudo.program()
        guard let names = PlainFile.names(in: configuration.folder) else {
            throw failure(
                "open", configuration.folder, "it is not a folder that can be read: \(String(cString: strerror(errno)))")
        }
        try traces.make()
        // Half written, and of Curfew's: an editor's backup of somebody's file has such a name too.
        for name in names where name.hasPrefix(configuration.prefix) {
            guard name.hasSuffix("~") || name.hasSuffix(AtomicFile.suffix) else { continue }
            try? DropInFile.remove(configuration.folder + "/" + name)
        }
        isOpen.store(true, ordering: .releasing)
        watch()
    }

    public nonisolated func problems(with settings: [String: Setting], for person: Person) -> [String] {
        let (value, problems) = RuleSettings.read(settings, for: person)
        // Only the host itself knows its accounts and programs: `curfew check` may run anywhere.
        guard let value, isOpen.load(ordering: .acquiring) else { return problems }
        return problems + HostCheck.problems(value.account, value.commands, value.runAs)
    }

    public func report() -> AccessReport {
        defer { repairs = [] }
        let log = configuration.log.flatMap { TrustedPath.problem($0, as: .file) }.map { "log: \($0)" }
        return AccessReport(repairs: repairs, problems: [log].compactMap { $0 })
    }

    deinit { watcher?.cancel() }

    /// Where a grant's drop-in lies.
    func path(_ id: GrantID) -> String { "\(configuration.folder)/\(configuration.prefix)\(id)" }

    /// The names in the folder that sudo would read.
    func names() throws -> [String] {
        guard let names = PlainFile.names(in: configuration.folder) else {
            throw failure("read", configuration.folder, String(cString: strerror(errno)))
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
