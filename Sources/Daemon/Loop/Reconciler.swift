import CurfewDesiredState
import CurfewDrivers
import CurfewGitSource
import CurfewJournal
import CurfewModel
import CurfewObservation
import CurfewPlanning
import CurfewRollout
import Logging

/// The loop: load → observe → plan → act → record, once for every hint that something may have changed.
///
/// Level-triggered: each tick decides from what is there now. Workloads whose desired and observed state did not change
/// are not planned again, so that the cost of a tick grows with what changed.
actor Reconciler {
    /// Everything that the loop works with.
    struct Parts: Sendable {
        var configuration: ServiceConfiguration
        var state: StateFolder
        var mirror: Mirror
        var assembler: RevisionAssembler
        /// What tells Curfew's own commits from others.
        var own: OwnCommits
        /// Who says that much may go at once.
        var consent: PruneConsent
        var runtimes: [Name: any Runtime]
        var edge: any Edge
        var prober: Prober
        var observer: Observer
        var journal: Journal
        var reverts: RevertQueue
        var controls: Controls
        /// What somebody was inside of.
        var taints: Taints
        /// What is set aside.
        var quarantine: Quarantine
        var clock: WallClock
        /// Where problems are told as well, for the day when the state folder cannot be written.
        var log: Logger
        /// What the HTTP API shows.
        var board: StatusBoard
        var telemetry: Telemetry
        /// Wakes the reverter.
        var revertWanted: @Sendable () -> Void
        /// Is told of every round.
        var manager = ServiceManager.none
    }

    /// What was decided about a workload last.
    struct View: Sendable {
        var phase = Phase.progressing("starting")
        var wakeAt: Instant?
        var listeners: [EdgeListener] = []
        var since: Instant?
    }

    let parts: Parts
    let changes: ChangeFinder
    nonisolated let alarm = Alarm()
    /// Rung when the service shuts down.
    nonisolated let stopping = Alarm()

    // Desired
    var source = BranchFollower.State()
    var assembly: Assembly?
    /// When the images by tag were asked for last.
    var tagsAsked: Instant?
    var desired: DesiredState?
    var pins: [Name: Pin] = [:]
    var loadProblem: String?
    var attributions: [Name: (generation: Generation?, attribution: Attribution)] = [:]
    var known: [Name: KnownChange] = [:]
    // Observed
    var observation = Observation()
    // Decided
    var memory: [Name: WorkloadMemory] = [:]
    var steps: [Name: PlanStep] = [:]
    var holds: [Name: PlanHold] = [:]
    var views: [Name: View] = [:]
    var explained: [Name: String] = [:]
    /// Named by hand to be looked at in the next tick.
    var dirty: Set<Name> = []
    var everythingIsDirty = true
    // Acted
    var busy: [Name: Task<Void, Never>] = [:]
    var startFailures: [Name: (generation: Generation, text: String)] = [:]
    var pauses: [Name: (until: Instant, length: Span)] = [:]
    var appliedListeners: [EdgeListener]?
    var problems: [String: String] = [:]
    var writtenStatus: Status?
    var collected: Set<String> = []
    /// What the edge should do, put together again only when a decision changed it.
    var wantedListeners: [EdgeListener]?
    /// Something that the status shows may have changed. A quiet tick costs nothing for what exists.
    var statusIsStale = true
    /// The revision is put together anew although it is the same.
    var mustReload = false
    var garbageMayExist = true
    var shownProblems: [String: String] = [:]
    var shownPause: String?
    var grants: [Status.Grant] = []
    var accessProblems: [String] = []
    /// The commit that everything is on its way to, and its first sight.
    var awaited: (revision: ObjectID, since: Instant)?
    /// What was found out of a trailer that says that much may go.
    var prune: (revision: ObjectID, names: Set<Name>, objections: [String])?

    init(_ parts: Parts) {
        self.parts = parts
        changes = ChangeFinder(mirror: parts.mirror, assembler: parts.assembler)
    }

    /// Reads what is remembered. A state database that was lost costs nothing but a repeated try.
    func recall() async {
        do {
            let decoder = FactCoder()
            for (key, data) in try await parts.journal.facts(prefix: "memory/") {
                guard let name = Name(String(key.dropFirst("memory/".count))) else { continue }
                memory[name] = decoder.decode(WorkloadMemory.self, from: data)
            }
            for (key, data) in try await parts.journal.facts(prefix: "change/") {
                guard let name = Name(String(key.dropFirst("change/".count))) else { continue }
                known[name] = decoder.decode(KnownChange.self, from: data)
            }
        } catch {
            problems["journal"] = "what was remembered cannot be read: \(error)"
        }
    }

    /// The follower has news.
    func sourceChanged(_ state: BranchFollower.State) async {
        let before = source
        source = state
        if let accepted = state.accepted, accepted != before.accepted, before.accepted != nil {
            awaited = (accepted, parts.clock.now)
        }
        statusIsStale = true
        await recordSource(from: before, to: state)
        alarm.ring()
    }

    /// The part that keeps grants has news.
    func accessChanged(_ grants: [Status.Grant], problems: [String]) {
        (self.grants, accessProblems, statusIsStale) = (grants, problems, true)
        alarm.ring()
    }

    /// Marks what was touched under a grant, and forgets those marks that no instance wears any more.
    private func layTaints() async {
        let taints = parts.taints
        let clean = taints.lay(on: &observation).filter { busy[$0] == nil }
        await taints.forget(clean)
        let gone = taints.layEntries(on: &observation)
        for id in gone { clear("entry/\(id)") }
        await taints.forget(gone)
    }

    /// Somebody went into an instance who had no business there.
    func entered(_ instance: InstanceID, _ alert: String) {
        (problems["entry/\(instance)"], statusIsStale) = (alert, true)
        alarm.ring()
    }

    /// What was set aside is tried again, as somebody asked for.
    func released(_ holds: [Quarantine.Hold]) async {
        for hold in holds {
            await record("quarantine.released", "\(hold.content) is tried again", ["id": hold.content.id])
        }
        (mustReload, statusIsStale) = (true, true)
        showHolds()
        alarm.ring()
    }

    /// What is set aside is shown as long as it is.
    func showHolds() {
        for key in problems.keys where key.hasPrefix("quarantine/") { problems[key] = nil }
        for hold in parts.quarantine.holds { problems["quarantine/\(hold.content)/\(hold.content.id)"] = hold.reason }
    }

    /// An operator asked for something: looks at the control files now.
    func wake() {
        statusIsStale = true
        alarm.ring()
    }

    /// Some runtimes are not ready: shown, and nothing else is done. The service as a whole has begun.
    func cannotBegin(_ problems: [Name: String]) async {
        for (name, why) in problems { await report("open/\(name)", "runtime \(name) cannot be used yet: \(why)") }
        statusIsStale = true
        writeStatus()
        parts.board.ticked(journalProblem: self.problems["journal"])
        parts.manager.ready()
        parts.manager.alive()
    }

    /// Ticks until the task is cancelled; then finishes the actions under way.
    func run() async {
        var isFirst = true
        for key in problems.keys where key.hasPrefix("open/") { clear(key) }
        while !Task.isCancelled {
            let wait = await tick()
            if isFirst { parts.manager.ready() }
            isFirst = false
            parts.manager.alive()
            await alarm.wait(atMost: parts.manager.heartbeat.map { min($0, wait) } ?? wait)
        }
        await finishActions()
    }

    /// Waits for actions under way: nothing is left half done, instances stay.
    func finishActions() async {
        for task in busy.values { await task.value }
    }

    /// One round. Returns how long nothing will have to be done unless something changes.
    func tick() async -> Span {
        let interval = parts.configuration.observeInterval
        var start = ContinuousClock.now
        func took(_ stage: Telemetry.Stage) {
            parts.telemetry.took(stage, since: start)
            start = .now
        }
        await takeDesired()
        took(.load)
        let previous = observation
        observation = await parts.observer.observe()
        took(.observe)
        await layTaints()
        noteUnreachable()
        let names = namesToLookAt(previous: previous)
        let pause = parts.controls.pausedBy
        if !names.isEmpty || pause != shownPause || previous.health != observation.health { statusIsStale = true }
        shownPause = pause
        if pause != nil {
            // Not forgotten: looked at when Curfew goes on.
            dirty.formUnion(names)
        } else {
            if !names.isEmpty, let desired { await lookAt(names, desired: desired) }
            took(.plan)
            await applyEdge()
            took(.edge)
            await collectGarbage()
        }
        start = .now
        await watchJournal()
        writeStatus()
        took(.record)
        parts.board.ticked(journalProblem: problems["journal"])
        let now = parts.clock.now
        let due = views.values.compactMap(\.wakeAt).min().map { $0 - now } ?? interval
        if pause == nil, dirty.contains(where: { busy[$0] == nil }) { return .milliseconds(20) }
        return min(max(due, .milliseconds(5)), interval)
    }

    /// Whether there is nothing under way and nothing to wait for by itself.
    var isSettled: Bool {
        guard desired != nil, busy.isEmpty, dirty.isEmpty else { return source.problem != nil || loadProblem != nil }
        return views.allSatisfy { name, view in
            if case .progressing = view.phase { return holds[name] != nil }
            return true
        }
    }
}
