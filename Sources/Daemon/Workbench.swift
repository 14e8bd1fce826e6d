public import CurfewDesiredState
import CurfewDrivers
import CurfewGitSource
import CurfewJournal
public import CurfewModel
import CurfewObservation
import CurfewPlanning
import Foundation
public import Glibc

/// What commands work on: the state folder of a configuration, beside a running daemon or in its place.
///
/// Beside a daemon nothing is fetched and nothing is written but wishes in `control/`; alone, the workbench owns the
/// folder while it lives.
public struct Workbench: Sendable {
    /// The configuration.
    public let configuration: ServiceConfiguration
    /// The state folder.
    public let state: StateFolder
    /// The daemon that owns the folder, `nil` when this workbench does.
    public let daemon: pid_t?
    let mirror: Mirror
    let assembler: RevisionAssembler
    let loader: DesiredStateLoader
    private let runtimes: [Name: any Runtime]
    private let lock: StateLock?

    /// Opens the state folder, making it when it is not there.
    public init(configuration: ServiceConfiguration, program: String) async throws {
        self.configuration = configuration
        state = StateFolder(path: configuration.state)
        daemon = StateLock.owner(of: state)
        mirror = Composition.mirror(of: configuration, program: program)
        if daemon == nil {
            try state.create()
            lock = try StateLock(state)
            try Restore(into: state).finish()
            try await mirror.open()
        } else {
            lock = nil
            try await mirror.open(cleaning: false)
        }
        let tags = ImageTags()
        loader = DesiredStateLoader(
            limits: configuration.limits, runtimes: Composition.capabilities(of: configuration),
            permissions: configuration.permissions, tags: tags)
        if let journal = try? Journal.reader(path: state.journal),
            let facts = try? await journal.facts(prefix: TagKeeper.prefix)
        {
            TagKeeper.recall(into: tags, from: facts)
        }
        runtimes = try Composition.runtimes(of: configuration, state: state, artifacts: mirror)
        let keeper = TagKeeper(table: tags, runtimes: runtimes, journal: nil, clock: .system)
        assembler = RevisionAssembler(mirror: mirror, loader: loader, tags: keeper, keepsMarks: false)
    }

    /// The branch's tip: fetched now, or beside a daemon the last one that it fetched.
    public func tip() async throws -> ObjectID {
        if daemon == nil { return try await mirror.refresh().tip }
        if let applied = try await mirror.marks(under: "state")["applied"] { return applied }
        throw DaemonError(
            .notFound, operation: "read", subject: state.mirror, "nothing has been fetched yet; see `curfew status`")
    }

    /// The commit that a revision names (a commit id, a short one, `HEAD~1`, …).
    public func resolve(_ revision: String) throws -> ObjectID { try LocalRepository(path: state.mirror).resolve(revision) }

    /// What would be done for a revision, and what is wrong with it.
    public func plan(for revision: ObjectID) async throws -> (plan: Plan, assembly: Assembly) {
        let trust = try await trust(recordingIn: nil)
        if let trust, try await !trust.isAboveRoot(revision) {
            throw DaemonError(
                .refused, operation: "plan", subject: revision.short,
                "the commit that trust.root pins (\(trust.root?.short ?? "-")) is not on its line of first parents; nothing of it would be taken"
            )
        }
        var assembly = try await assembler.assemble(revision)
        let prober = Prober { _, _, _ in 1 }
        let observer = Observer(runtimes: Array(runtimes.values), edge: nil, prober: prober)
        var observation = await observer.observe()
        // Nobody probes here: what the daemon found out last is what is known.
        for workload in Status.read(state)?.workloads ?? [] {
            for instance in workload.instances {
                observation.health[instance.id] = instance.health == "healthy" ? .healthy : .unknown
            }
        }
        let going = assembly.desired.allowsPrune ? assembly.desired.leaving(observation) : []
        if !going.isEmpty {
            let consent = PruneConsent(trust: trust, mirror: mirror, loader: loader, clock: .system)
            let objections = try await consent.objections(toRetiring: going, at: revision)
            assembly.desired.allowsPrune = objections.isEmpty
            if !objections.isEmpty {
                assembly.diagnostics.append(
                    Diagnostic(.warning, file: "manifests", PruneConsent.told(revision, objections)))
            }
        }
        let finder = ChangeFinder(mirror: mirror, assembler: assembler)
        var attributions: [Name: Attribution] = [:]
        for (name, wanted) in assembly.desired.workloads.sorted(by: { $0.key < $1.key }).prefix(200) {
            let running = observation.instances[name] ?? []
            guard running.contains(where: { $0.generation != wanted.generation }) else { continue }
            attributions[name] = try await finder.change(
                of: name, in: wanted.bundle, to: wanted.generation, from: wanted.revision)?.attribution
        }
        await prober.shutdown()
        let plan = Planner.plan(
            PlanInput(
                desired: assembly.desired, observed: observation, memory: [:], attributions: attributions,
                pruneLimit: configuration.pruneLimit, now: WallClock.system.now))
        return (plan, assembly)
    }

    /// What verifies the branch; `nil` with `trust.mode: none`.
    func trust(recordingIn journal: Journal?) async throws -> TrustKeeper? {
        try await Composition.trustKeeper(
            of: configuration, mirror: mirror, loader: loader, journal: journal, clock: .system)
    }

    /// Tells the daemon to look now; nothing happens without one.
    public func wakeDaemon() {
        if let daemon { kill(daemon, SIGHUP) }
    }
}
