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
        var mirror: Mirror
        var backends: [Name: any AccessBackend]
        /// What is done about access that Curfew did not give, by backend.
        var removesForeign: Set<Name>
        var journal: Journal
        var taints: Taints
        var clock: AccessClock
        var cipher: CredentialCipher
        var telemetry: Telemetry
        /// A revert was pushed: look at the branch now.
        var landed: @Sendable () -> Void
        /// Something that the status shows has changed, or workloads are tainted.
        var changed: @Sendable ([Status.Grant], [String]) async -> Void
    }

    let parts: Parts
    nonisolated let alarm = Alarm()
    /// Wakes what ends access.
    nonisolated let ends = Alarm()
    /// Backends that are ending something just now.
    var busy: Set<Name> = []
    /// Grants whose end is being written down just now.
    var finishing: Set<GrantID> = []
    var revision: ObjectID?
    var history = GrantHistory()
    var store = GrantStore()
    var policies = LoadedPolicies(set: PolicySet(), diagnostics: [], isBroken: false)
    var grants = LoadedGrants(tree: nil, files: [], broken: [])
    var cases: [GrantID: GrantCase] = [:]
    var parents: [ObjectID: PolicySet] = [:]
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
    private func rememberTime(_ now: Instant) async {
        let matters = store.records.values.contains { $0.phase == .given || $0.phase == .ending }
        guard matters, savedTime.map({ now - $0 >= .seconds(5) }) ?? true else { return }
        savedTime = now
        try? await parts.journal.setFact("clock/latest", FactCoder().encode(now))
    }

    /// The branch has moved, or approvals have.
    func sourceChanged(accepted: ObjectID?) {
        revision = accepted
        alarm.ring()
    }

    /// Works until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchEnds() }
            group.addTask {
                while !Task.isCancelled {
                    let wait = await self.tick()
                    await self.alarm.wait(atMost: wait)
                }
            }
        }
    }

    /// One round; returns how long there is nothing to do unless something changes.
    func tick() async -> Span {
        let now = parts.clock.now
        if let jump = parts.clock.takeJump() {
            let live = store.records.values.filter { $0.phase == .given }.map(\.id.name.rawValue).sorted()
            let ends = live.isEmpty ? "" : "; these grants end early: \(live.prefix(20).joined(separator: ", "))"
            await record("clock.jumped", "the clock jumped ahead by \(jump)\(ends)")
        }
        await load(now: now)
        await judge(now: now)
        await writeEvents()
        // What takes away goes on beside this; what gives takes its time in slices.
        ends.ring()
        await give(now: now)
        ends.ring()
        await look(now: now)
        await writeEvents()
        await revert(now: now)
        await publishForHosts(now: now)
        await publish([:], now: now)
        await forget()
        await writeEvents()
        await rememberTime(now)
        await show()
        return pause(now: parts.clock.now)
    }

    /// Reads what the revision says; keeps what was read when it cannot be read.
    private func load(now: Instant) async {
        guard let revision else { return }
        do {
            if revision != knownRevision {
                isFirstLoad = knownRevision == nil
                history = try await history.advanced(to: revision, root: parts.trust.root, in: parts.mirror)
                policies = try await parts.trust.policies(at: revision)
                grants = try await parts.trust.grants(at: revision)
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
            let approvals = try await parts.mirror.approvals { subjects.contains($0) && persons.contains($1) }
            try await collectCases(approvals, now: now)
            let running = Set(store.records.values.filter { $0.phase == .given }.map(\.id))
            let glass = await breakGlass(approvals, now: now)
            let judged = GrantGate.judge(
                Array(cases.values).sorted { $0.file.id < $1.file.id }, policies: policies.set, parents: parents,
                policiesAreBroken: policies.isBroken, rules: parts.trust.rules,
                backends: parts.backends.mapValues { backend in
                    BackendFacts(selfExpiring: backend.capabilities.selfExpiring) { backend.problems(with: $0, for: $1) }
                },
                approvals: approvals, running: running, history: glass, now: now)
            verdicts = Dictionary(judged.map { ($0.id, $0) }) { first, _ in first }
            problems["judge"] = nil
        } catch {
            problems["judge"] = "grants cannot be judged: \(error)"
            retry("judge", now: now)
        }
        await note(now: now)
    }
}
