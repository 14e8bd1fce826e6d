import CurfewDesiredState
import CurfewDrivers
import CurfewGates
import CurfewGitSource
import CurfewJournal
import CurfewModel

/// The life of grants: load → judge → give → end → prove → revert, once for every hint that something may have changed.
///
/// It runs beside the loop of workloads, so that no slow runtime delays the end of an access. Level-triggered like it: each
/// round decides from history, from the backends and from the time.
actor AccessKeeper {
    struct Parts: Sendable {
        var trust: TrustKeeper
        /// Judges what is about to be pushed.
        var push: OwnPush
        var mirror: Mirror
        var backends: [Name: any AccessBackend]
        /// How each of them is made ready; one that is not named here is ready.
        var opens: [Name: @Sendable () async throws -> Void] = [:]
        /// What is done about access that Curfew did not give, by backend.
        var removesForeign: Set<Name>
        var journal: Journal
        var taints: Taints
        /// What is set aside.
        var quarantine: Quarantine
        var clock: AccessClock
        var cipher: CredentialCipher
        var telemetry: Telemetry
        /// Where the ends that are due are shown, for those who ask whether all is well.
        var board: StatusBoard
        /// A revert was pushed: look at the branch now.
        var landed: @Sendable () -> Void
        /// Something that the status shows has changed, or workloads are tainted.
        var changed: @Sendable ([Status.Grant], [String]) async -> Void
    }

    let parts: Parts
    nonisolated let alarm = Alarm()
    /// Wakes what ends access.
    nonisolated let ends = Alarm()
    /// What was called and has not come back.
    var calls = OutstandingCalls()
    /// Backends that were made ready, and those that could not be and are tried again.
    var opened: Set<Name> = []
    var unopened: Set<Name> = []
    /// Grants whose end was begun on a backend and has not come back, with the numbers of the calls.
    var ending: [Name: [GrantID: Set<Int>]] = [:]
    var endCount = 0
    var lastEnd: [Name: ContinuousClock.Instant] = [:]
    /// When the ends that gather meanwhile are begun.
    var gatherAt: [Name: ContinuousClock.Instant] = [:]
    /// Why grants could not be ended.
    var endFailures: [Name: [GrantID: String]] = [:]
    /// What is alive on a backend although no grant gives it.
    var strays: [Name: Set<GrantID>] = [:]
    /// Ends that are overdue, with the moment since when they are due.
    var overdue: [GrantID: Instant] = [:]
    /// Grants that are being given, and those that wait for their turn by backend.
    var giving: [GrantID: Giving] = [:]
    var lanes: [Name: [GrantID]] = [:]
    var isGiving: [Name: Set<GrantID>] = [:]
    /// Something changed while it was being written.
    var wantsFlush = false
    var hasTicked = false
    /// When a round was asked for last on account of what was given.
    var lastRing = ContinuousClock.now
    /// The revision is read anew although it is the same.
    var reloads = false
    var isWritingEvents = false
    /// When the records are written again after a write that has not come back.
    var saving: Task<String?, Never>?
    var revision: ObjectID?
    var history = GrantHistory()
    var store = GrantStore()
    var policies = LoadedPolicies(set: PolicySet(), diagnostics: [], isBroken: false)
    var grants = LoadedGrants(tree: nil, files: [], broken: [])
    var cases: [GrantID: GrantCase] = [:]
    var parents: [ObjectID: PolicySet] = [:]
    /// The policies under which each live grant was given.
    var bases: [GrantID: PolicySet] = [:]
    var approvals: [ApprovalTag] = []
    /// The last commit that changed `policies/`.
    var policyChange: ObjectID?
    var verdicts: [GrantID: GrantVerdict] = [:]
    var problems: [String: String] = [:]
    /// When something that failed is tried again.
    var retries: [String: (at: Instant, pause: Span)] = [:]
    var lastObservation: Instant?
    var shown: ([Status.Grant], [String])?
    /// References of the remote that are to be written, or removed (`nil`).
    var outbox: [String: Publication?] = [:]
    var knownRevision: ObjectID?
    /// No revision but the one that was there at the start has been read.
    var isFirstLoad = true
    /// What is to be written into the journal.
    var events: [JournalEvent] = []
    /// What was put on the remote for other hosts, by backend.
    var toldHosts: [Name: Publication] = [:]
    /// The number of what was published last.
    var sequence: Int64?
    /// Some grants were left for the next round.
    var hasMoreToGive = false
    private var savedTime: Instant?

    init(_ parts: Parts) { self.parts = parts }

    func recall() async {
        do { store = try await GrantStore.recalled(parts.journal) } catch {
            problems["records"] = "what is known of grants cannot be read: \(error)"
        }
    }

    /// The latest moment that an earlier process knew of.
    static func latest(in journal: Journal) async throws -> Instant? {
        try await journal.facts(prefix: "clock/")["clock/latest"].flatMap { FactCoder().decode(Instant.self, from: $0) }
    }

    /// Remembers the time now and then while it matters, so that a clock set back while Curfew was down lengthens nothing.
    private func rememberTime(_ now: Instant) {
        let matters = store.records.values.contains { $0.phase == .given || $0.phase == .ending }
        guard matters, savedTime.map({ now - $0 >= .seconds(5) }) ?? true else { return }
        savedTime = now
        let journal = parts.journal
        begin(.clock, within: .seconds(10)) { try? await journal.setFact("clock/latest", FactCoder().encode(now)) }
    }

    /// What was set aside may be read now.
    func mustReload() {
        reloads = true
        alarm.ring()
    }

    /// The branch has moved, or approvals have.
    func sourceChanged(accepted: ObjectID?) {
        revision = accepted
        alarm.ring()
    }

    /// Works until the task is cancelled. The two parts do not wait for each other.
    func run() async {
        await runBeside(
            grace: .seconds(2),
            [
                (.high, { await self.watchEnds() }),
                (
                    nil,
                    {
                        while !Task.isCancelled {
                            let wait = await self.tick()
                            await self.alarm.wait(atMost: wait)
                        }
                    }
                ),
            ])
    }

    /// Makes the backends ready and ends what is due, before anything else is begun. What hangs goes on beside it.
    func endWhatIsDue(within limit: Span) async {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < limit.duration, !Task.isCancelled {
            turnEnds()
            if isReady, !store.records.values.contains(where: { $0.phase == .ending && !hasFailed($0) }) { return }
            await ends.wait(atMost: .milliseconds(50))
        }
    }

    /// One round; returns how long there is nothing to do unless something changes. What may take long or hang is begun here
    /// and goes on beside it.
    func tick() async -> Span {
        let now = parts.clock.now
        if let jump = parts.clock.takeJump() {
            let live = store.records.values.filter { $0.phase == .given }.map(\.id.name.rawValue).sorted()
            let ends = live.isEmpty ? "" : "; these grants end early: \(live.prefix(20).joined(separator: ", "))"
            events.append(event("clock.jumped", about: nil, "the clock jumped ahead by \(jump)\(ends)"))
        }
        await load(now: now)
        noteRemovals(now: now)
        await judge(now: now)
        ends.ring()
        await give(now: now)
        observe(now: now)
        if store.hasChanged || !events.isEmpty { startFlush() }
        if isDue("revert", now: now), store.records.values.contains(where: { $0.phase == .ended }) {
            begin(.revert, within: .seconds(180)) { await self.revert(now: self.parts.clock.now) }
        }
        begin(.hosts, within: .seconds(30)) { await self.publishForHosts(now: now) }
        if isDue("publish", now: now), !outbox.isEmpty {
            begin(.publish, within: .seconds(180)) { await self.publish() }
        }
        await forget()
        rememberTime(now)
        await show()
        hasTicked = true
        return pause(now: parts.clock.now)
    }

    /// Reads what the revision says; keeps what was read when it cannot be read.
    private func load(now: Instant) async {
        guard let revision else { return }
        do {
            if revision != knownRevision || reloads {
                reloads = false
                isFirstLoad = knownRevision == nil
                history = try await history.advanced(to: revision, root: parts.trust.root, in: parts.mirror)
                policies = try await parts.trust.policies(at: revision)
                grants = try await parts.trust.grants(at: revision)
                await notePolicyChange(since: knownRevision, to: revision)
                knownRevision = revision
            }
            problems["load"] = nil
        } catch {
            problems["load"] = "grants of \(revision.short) cannot be read: \(error)"
            retry("load", now: now)
        }
    }

    private func judge(now: Instant) async {
        do {
            let subjects = Set(grants.files.map(\.id.name.rawValue))
                .union(store.records.values.filter(\.waitsForReview).map(\.id.name.rawValue))
            let persons = Set(policies.set.persons.keys.map(\.rawValue))
            approvals = try await parts.mirror.approvals { subjects.contains($0) && persons.contains($1) }
            try await collectCases(approvals, now: now)
            await collectBases()
            let running = Set(store.records.values.filter { $0.phase == .given }.map(\.id))
            let glass = await breakGlass(approvals, now: now)
            let judged = GrantGate.judge(
                Array(cases.values).sorted { $0.file.id < $1.file.id }, policies: policies.set, parents: parents,
                policiesAreBroken: policies.isBroken, rules: parts.trust.rules,
                backends: parts.backends.mapValues { backend in
                    BackendFacts(selfExpiring: backend.capabilities.selfExpiring) { backend.problems(with: $0, for: $1) }
                },
                approvals: approvals, running: running, bases: bases, history: glass, now: now)
            verdicts = Dictionary(judged.map { ($0.id, $0) }) { first, _ in first }
            problems["judge"] = nil
        } catch {
            problems["judge"] = "grants cannot be judged: \(error)"
            retry("judge", now: now)
        }
        await note(now: now)
    }
}
