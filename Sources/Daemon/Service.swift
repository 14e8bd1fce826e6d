import CurfewAPI
public import CurfewDesiredState
import CurfewGitSource
import CurfewHAProxyEdge
import CurfewJournal
import CurfewDrivers
import CurfewModel
import CurfewObservation
public import Logging
public import ServiceLifecycle

/// The service: owns the state folder, follows the branch, reconciles, and pushes reverts, until it is told to stop.
public struct CurfewService: Service {
    let configuration: ServiceConfiguration
    let log: Logger
    let lock: StateLock
    let journal: Journal
    let runtimes: [Name: any Runtime]
    let edge: HAProxyEdge
    let prober: Prober
    let follower: BranchFollower
    let trust: TrustKeeper?
    let reverter: Reverter
    let reconciler: Reconciler
    let access: AccessKeeper?
    let accessBackends: [Name: AccessBackendDriver]
    let sessions: Sessions?
    let taints: Taints
    let tags: TagKeeper
    let notifications: [NotificationKeeper]
    let entries: EntryKeeper
    let clock: WallClock
    let api: APIService?
    let manager: ServiceManager
    let opening: RuntimeOpening
    let quarantine: Quarantine
    let started: Instant
    let controls: Controls

    /// Takes the state folder and finds out what is there. Nothing is changed before ``run()``.
    /// - Throws: ``DaemonError`` when another process owns the folder or it cannot be used.
    public init(
        configuration: ServiceConfiguration, program: String, log: Logger, clock: WallClock = .system,
        manager: ServiceManager = .none
    ) async throws {
        (self.configuration, self.log, self.clock, self.manager) = (configuration, log, clock, manager)
        started = clock.now
        let state = StateFolder(path: configuration.state)
        try state.create()
        lock = try StateLock(state)
        try Restore(into: state).finish()
        quarantine = Quarantine(folder: state.path, now: { clock.now })
        controls = Controls(state)
        journal = try Journal(path: state.journal)
        let mirror = Composition.mirror(of: configuration, program: program)
        try await mirror.open()
        let images = ImageTags()
        TagKeeper.recall(into: images, from: try await journal.facts(prefix: TagKeeper.prefix))
        let loader = DesiredStateLoader(
            limits: configuration.limits, runtimes: Composition.capabilities(of: configuration),
            backends: Set(configuration.backends.keys), permissions: configuration.permissions,
            enforcesPolicies: configuration.trust != .none, tags: images, watch: quarantine)
        runtimes = try Composition.runtimes(of: configuration, state: state, artifacts: mirror)
        opening = RuntimeOpening(Array(runtimes.values))
        tags = TagKeeper(table: images, runtimes: runtimes, journal: journal, clock: clock)
        let assembler = RevisionAssembler(mirror: mirror, loader: loader, tags: tags, watch: quarantine)
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
        let trust = try await Composition.trustKeeper(
            of: configuration, mirror: mirror, loader: loader, journal: journal, clock: clock)
        self.trust = trust
        let own = try await Composition.ownCommits(of: configuration, mirror: mirror, loader: loader, trust: trust)
        let push = OwnPush(trust: trust, clock: clock)
        reverter = Reverter(
            mirror: mirror, assembler: assembler, own: own, push: push, queue: queue, journal: journal, clock: clock,
            landed: { relay.fetch() })
        let reverter = reverter
        taints = Taints(journal)
        reconciler = Reconciler(
            Reconciler.Parts(
                configuration: configuration, state: state, mirror: mirror, assembler: assembler, own: own,
                consent: PruneConsent(trust: trust, mirror: mirror, loader: loader, clock: clock), runtimes: runtimes,
                edge: edge,
                prober: prober, observer: Observer(runtimes: Array(runtimes.values), edge: edge, prober: prober),
                journal: journal, reverts: queue, controls: controls, taints: taints, quarantine: quarantine,
                clock: clock,
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
                    trust: trust, push: push, mirror: mirror, backends: accessBackends.mapValues(\.backend),
                    opens: accessBackends.mapValues(\.open),
                    removesForeign: Set(configuration.backends.values.filter(\.removesForeign).map(\.name)), journal: journal,
                    taints: taints, quarantine: quarantine, clock: accessClock,
                    cipher: CredentialCipher(), telemetry: telemetry, board: board, landed: { relay.fetch() },
                    changed: { await reconciler.accessChanged($0, problems: $1) }))
        } else {
            access = nil
        }
        let access = access
        entries = EntryKeeper(
            EntryKeeper.Parts(
                runtimes: runtimes.values.compactMap { $0 as? any EntryObserving }, journal: journal, taints: taints,
                underGrant: { await access?.note($0) ?? [] }, tainted: { await reconciler.entered($0, $1) },
                now: { clock.now }, log: log))
        notifications = try Composition.notifications(
            of: configuration, journal: journal, status: { await reconciler.latestStatus },
            address: { await access?.address(of: $0) }, now: { clock.now }, log: log)
        follower = BranchFollower(
            mirror: mirror, clock: clock, interval: configuration.repository.interval, trust: trust,
            asked: { telemetry.fetched($0) }
        ) { before, now in
            // Access first: what a commit takes away does not wait for anything else.
            await access?.sourceChanged(accepted: now.accepted)
            await reconciler.sourceChanged(now)
            // What could not be pushed while the host was away goes out with its first answer.
            let isBack = now.problem == nil && before.problem != nil
            if now.problem == nil { reverter.hurry(tryingAll: isBack) }
            if isBack { await access?.tryAll() }
        }
        relay.set(follower)
        let (follower, journal, quarantine, controls) = (follower, journal, quarantine, controls)
        let answers = APIAnswers(
            configuration: configuration, board: board, telemetry: telemetry, journal: journal, clock: clock, log: log,
            mirror: mirror,
            selfEnding: Set(accessBackends.values.map(\.backend).filter(\.capabilities.selfExpiring).map(\.name)),
            look: {
                follower.hurry()
                await reconciler.wake()
            },
            tryAll: {
                await Self.release(quarantine, controls, reconciler, access)
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

    /// Runs until the task is cancelled or the service group shuts down; instances go on running. Returns in bounded time,
    /// whatever hangs.
    public func run() async throws {
        await beginAccess()
        let (reconciler, manager, access, failure) = (reconciler, manager, access, OneShot<any Error>())
        await withGracefulShutdownHandler {
            _ = await runBeside(
                grace: .seconds(18),
                [
                    (.high, { if let access { await access.run() } else { await Self.untilCancelled() } }),
                    (nil, { do { try await runWorkloads() } catch { failure.set(error) } }),
                    (nil, { await reconciler.stopping.wait(atMost: .seconds(1 << 40)) }),
                ])
        } onGracefulShutdown: {
            manager.stopping()
            reconciler.stopping.ring()
        }
        await end()
        if let error = failure.value { throw error }
    }

    /// Looks at the control files and the branch now (SIGHUP).
    public func wake() {
        follower.hurry()
        reverter.hurry(tryingAll: true)
        let (reconciler, access, quarantine, controls) = (reconciler, access, quarantine, controls)
        Task {
            await Self.release(quarantine, controls, reconciler, access)
            await reconciler.wake()
            await access?.tryAll()
        }
    }
}
