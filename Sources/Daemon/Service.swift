import CurfewAPI
public import CurfewDesiredState
import CurfewGitSource
import CurfewHAProxyEdge
import CurfewJournal
import CurfewDrivers
public import CurfewModel
import CurfewObservation
public import Logging
public import ServiceLifecycle

/// The service: owns the state folder, follows the branch, reconciles, and pushes reverts, until it is told to stop.
public struct CurfewService: Service {
    private let configuration: ServiceConfiguration
    private let log: Logger
    private let lock: StateLock
    private let journal: Journal
    private let runtimes: [Name: any Runtime]
    private let edge: HAProxyEdge
    private let prober: Prober
    private let follower: BranchFollower
    private let reverter: Reverter
    private let reconciler: Reconciler
    private let access: AccessKeeper?
    private let accessBackends: [Name: AccessBackendDriver]
    private let sessions: Sessions?
    private let taints: Taints
    private let tags: TagKeeper
    private let notifications: [NotificationKeeper]
    private let entries: EntryKeeper
    private let clock: WallClock
    private let api: APIService?
    private let manager: ServiceManager

    /// Takes the state folder and finds out what is there. Nothing is changed before ``run()``.
    /// - Throws: ``DaemonError`` when another process owns the folder or it cannot be used.
    public init(
        configuration: ServiceConfiguration, program: String, log: Logger, clock: WallClock = .system,
        manager: ServiceManager = .none
    ) async throws {
        (self.configuration, self.log, self.clock, self.manager) = (configuration, log, clock, manager)
        let state = StateFolder(path: configuration.state)
        try state.create()
        lock = try StateLock(state)
        try Restore(into: state).finish()
        journal = try Journal(path: state.journal)
        let mirror = Composition.mirror(of: configuration, program: program)
        try await mirror.open()
        let images = ImageTags()
        TagKeeper.recall(into: images, from: try await journal.facts(prefix: TagKeeper.prefix))
        let loader = DesiredStateLoader(
            limits: configuration.limits, runtimes: Composition.capabilities(of: configuration),
            backends: Set(configuration.backends.keys), enforcesPolicies: configuration.trust != .none, tags: images)
        runtimes = try Composition.runtimes(of: configuration, state: state, artifacts: mirror)
        tags = TagKeeper(table: images, runtimes: runtimes, journal: journal, clock: clock)
        let assembler = RevisionAssembler(mirror: mirror, loader: loader, tags: tags)
        edge = Composition.edge(of: configuration, state: state)
        let runtimes = runtimes
        prober = Prober { id, command, timeout in
            for runtime in runtimes.values {
                do { return try await runtime.run(command, beside: id, timeout: timeout) } catch let error as DriverError
                    where error.code == .noInstance
                { continue }
            }
            throw DriverError(.noInstance, operation: "run probe", subject: id.rawValue, "there is no such instance")
        }
        let (board, telemetry) = (StatusBoard(), Telemetry())
        let queue = RevertQueue(state)
        let relay = Relay()
        reverter = Reverter(
            mirror: mirror, assembler: assembler, queue: queue, journal: journal, clock: clock, landed: { relay.fetch() })
        let reverter = reverter
        let trust = try await Composition.trustKeeper(of: configuration, mirror: mirror, loader: loader)
        taints = Taints(journal)
        reconciler = Reconciler(
            Reconciler.Parts(
                configuration: configuration, state: state, mirror: mirror, assembler: assembler, runtimes: runtimes,
                edge: edge,
                prober: prober, observer: Observer(runtimes: Array(runtimes.values), edge: edge, prober: prober),
                journal: journal, reverts: queue, controls: Controls(state), taints: taints, clock: clock,
                log: log, board: board, telemetry: telemetry,
                revertWanted: { reverter.hurry() }, manager: manager))
        let reconciler = reconciler
        await tags.onLateAnswer { await reconciler.tagsAnswered() }
        let accessClock = AccessClock(clock, floor: try await AccessKeeper.latest(in: journal))
        accessBackends =
            trust == nil ? [:] : Composition.backends(of: configuration, state: state, clock: { accessClock.now })
        sessions = Composition.sessions(
            accessBackends, runtimes: runtimes, state: state, journal: journal, reconciler: reconciler,
            recordings: Composition.recordings(of: configuration), log: log, now: { accessClock.now })
        if let trust {
            access = AccessKeeper(
                AccessKeeper.Parts(
                    trust: trust, mirror: mirror, backends: accessBackends.mapValues(\.backend),
                    removesForeign: Set(configuration.backends.values.filter(\.removesForeign).map(\.name)), journal: journal,
                    taints: taints, clock: accessClock,
                    cipher: CredentialCipher(), telemetry: telemetry, landed: { relay.fetch() },
                    changed: { await reconciler.accessChanged($0, problems: $1) }))
        } else {
            access = nil
        }
        let access = access
        entries = EntryKeeper(
            EntryKeeper.Parts(
                runtimes: runtimes.values.compactMap { $0 as? any InteractiveRuntime }, journal: journal, taints: taints,
                underGrant: { await access?.note($0) ?? [] }, tainted: { await reconciler.entered($0, $1) },
                now: { clock.now }, log: log))
        notifications = try Composition.notifications(
            of: configuration, journal: journal, status: { await reconciler.latestStatus },
            address: { await access?.address(of: $0) }, now: { clock.now }, log: log)
        follower = BranchFollower(
            mirror: mirror, clock: clock, interval: configuration.repository.interval, trust: trust,
            asked: { telemetry.fetched($0) }
        ) { before, now in
            await reconciler.sourceChanged(now)
            await access?.sourceChanged(accepted: now.accepted)
            // What could not be pushed while the host was away goes out with its first answer.
            let isBack = now.problem == nil && before.problem != nil
            if now.problem == nil { reverter.hurry(tryingAll: isBack) }
            if isBack { await access?.tryAll() }
        }
        relay.set(follower)
        let (follower, journal) = (follower, journal)
        let answers = APIAnswers(
            configuration: configuration, board: board, telemetry: telemetry, journal: journal, clock: clock, log: log,
            mirror: mirror,
            selfEnding: Set(accessBackends.values.map(\.backend).filter(\.capabilities.selfExpiring).map(\.name)),
            look: {
                follower.hurry()
                await reconciler.wake()
            },
            tryAll: {
                follower.hurry()
                reverter.hurry(tryingAll: true)
                await reconciler.wake()
                await access?.tryAll()
            },
            firstStatus: { await reconciler.makeStatus() })
        api = Composition.api(configuration, answers: answers, log: log)
        let feed = api?.feed
        if let last = try await journal.last(1).last { telemetry.set(MetricNames.journal, Double(last.sequence)) }
        journal.onAppend { events in
            telemetry.appended(events)
            feed?.ring()
        }
    }

    /// Runs until the task is cancelled or the service group shuts down; instances go on running.
    public func run() async throws {
        try await begin()
        try await sessions?.open()
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await reconciler.run() }
                group.addTask { await follower.run() }
                group.addTask { await reverter.run() }
                if let access { group.addTask { await access.run() } }
                group.addTask { await entries.run() }
                for keeper in notifications { group.addTask { await keeper.run() } }
                // Behind everything else: however many ask for pages, no access ends later for it.
                if let api { group.addTask(priority: .utility) { await api.run() } }
                group.addTask { for await _ in edge.exits { reconciler.alarm.ring() } }
                group.addTask { for await _ in prober.changes { reconciler.alarm.ring() } }
                for runtime in runtimes.values {
                    group.addTask { for await _ in runtime.events { reconciler.alarm.ring() } }
                }
                group.addTask { await stopWhenAsked(reconciler.stopping) }
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            manager.stopping()
            reconciler.stopping.ring()
        }
        await end()
    }

    /// Fetches once and works until there is nothing to do, or nothing that can be done.
    /// - Returns: the state in the end.
    public func runOnce(limit: Span) async throws -> Status {
        try await begin()
        let start = clock.now
        await follower.ask()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in prober.changes { reconciler.alarm.ring() } }
            for runtime in runtimes.values {
                group.addTask { for await _ in runtime.events { reconciler.alarm.ring() } }
            }
            while clock.now - start < limit, !Task.isCancelled {
                _ = await access?.tick()
                let wait = await reconciler.tick()
                if await reconciler.isSettled {
                    _ = await reverter.work()
                    break
                }
                await reconciler.alarm.wait(atMost: wait)
            }
            group.cancelAll()
        }
        await reconciler.finishActions()
        let status = await reconciler.makeStatus()
        await end()
        return status
    }

    /// Looks at the control files and the branch now (SIGHUP).
    public func wake() {
        follower.hurry()
        reverter.hurry(tryingAll: true)
        let (reconciler, access) = (reconciler, access)
        Task {
            await reconciler.wake()
            await access?.tryAll()
        }
    }

    private func begin() async throws {
        for runtime in runtimes.values { try await runtime.open() }
        for driver in accessBackends.values { try await driver.open() }
        await reconciler.recall()
        try await taints.recall()
        await access?.recall()
        try await follower.recall()
        await reconciler.sourceChanged(follower.state)
        await access?.sourceChanged(accepted: follower.state.accepted)
        await reconciler.record("daemon.started", "Curfew \(Version.current) started on \(configuration.repository.url)")
        if let aside = journal.recovered {
            log.warning("the state database was damaged; it lies at \(aside) now and a new one was begun")
        }
    }

    private func end() async {
        await sessions?.shutdown()
        await reconciler.record("daemon.stopped", "Curfew stopped; instances go on running")
        await prober.shutdown()
        for runtime in runtimes.values { await runtime.shutdown() }
    }

    private func stopWhenAsked(_ stopping: Alarm) async {
        await stopping.wait(atMost: .seconds(1 << 40))
    }
}
