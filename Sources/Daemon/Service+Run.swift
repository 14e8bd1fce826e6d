import CurfewDrivers
public import CurfewModel

/// What runs, from the first to the last.
extension CurfewService {
    /// Reads what is known, and does everything but keep grants until the task is cancelled.
    func runWorkloads() async throws {
        try await begin()
        do { try await sessions?.open() } catch {
            await reconciler.report("sessions", "nobody can be let into instances: \(error)")
        }
        await runBeside(grace: .seconds(15), tasks())
    }

    static func untilCancelled() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }

    /// Everything that runs beside the life of grants until the service ends.
    func tasks() -> [(priority: TaskPriority?, run: @Sendable () async -> Void)] {
        var tasks: [(priority: TaskPriority?, run: @Sendable () async -> Void)] = []
        func add(_ priority: TaskPriority? = nil, _ run: @escaping @Sendable () async -> Void) { tasks.append((priority, run)) }
        let (reconciler, follower, reverter, entries) = (reconciler, follower, reverter, entries)
        let (edge, prober, opening) = (edge, prober, opening)
        // Nothing is decided about instances before all runtimes can say what there is.
        add {
            await opening.wait { await reconciler.cannotBegin($0) }
            if !Task.isCancelled { await reconciler.run() }
        }
        add { await follower.run() }
        add { await reverter.run() }
        add {
            await opening.done()
            await entries.run()
        }
        for keeper in notifications { add { await keeper.run() } }
        // Behind everything else: however many ask for pages, no access ends later for it.
        if let api { add(.utility) { await api.run() } }
        add { for await _ in edge.exits { reconciler.alarm.ring() } }
        add { for await _ in prober.changes { reconciler.alarm.ring() } }
        for runtime in runtimes.values {
            add {
                await opening.done()
                for await _ in runtime.events { reconciler.alarm.ring() }
            }
        }
        return tasks
    }

    /// Fetches once and works until there is nothing to do, or nothing that can be done.
    /// - Returns: the state in the end.
    public func runOnce(limit: Span) async throws -> Status {
        await beginAccess()
        for runtime in runtimes.values { try await runtime.open() }
        try await begin()
        let start = clock.now
        await follower.ask()
        let (reconciler, access, reverter, prober, clock) = (reconciler, access, reverter, prober, clock)
        var tasks: [(priority: TaskPriority?, run: @Sendable () async -> Void)] = [
            (
                nil,
                {
                    while clock.now - start < limit, !Task.isCancelled {
                        _ = await access?.tick()
                        let wait = await reconciler.tick()
                        let isIdle = await access?.isIdle ?? true
                        if await reconciler.isSettled, isIdle {
                            _ = await reverter.work()
                            break
                        }
                        await reconciler.alarm.wait(atMost: isIdle ? wait : min(wait, .milliseconds(100)))
                    }
                }
            ),
            (nil, { for await _ in prober.changes { reconciler.alarm.ring() } }),
        ]
        if let access { tasks.append((.high, { await access.watchEnds() })) }
        for runtime in runtimes.values { tasks.append((nil, { for await _ in runtime.events { reconciler.alarm.ring() } })) }
        await runBeside(grace: .seconds(5), tasks)
        await reconciler.finishActions()
        let status = await reconciler.makeStatus()
        await end()
        return status
    }

    /// Tries again what somebody has asked for by name.
    static func release(
        _ quarantine: Quarantine, _ controls: Controls, _ reconciler: Reconciler, _ access: AccessKeeper?
    ) async {
        let released = controls.takeReleases().flatMap { quarantine.release($0) }
        guard !released.isEmpty else { return }
        await reconciler.released(released)
        await access?.mustReload()
    }

    /// Access first: what is due ends before anything that came with the branch is looked at, whatever that may do to this process.
    func beginAccess() async {
        guard let access else { return }
        await access.recall()
        await access.endWhatIsDue(within: .seconds(5))
    }

    func begin() async throws {
        await reconciler.recall()
        try await taints.recall()
        try await follower.recall()
        try? await trust?.record.prune()
        await access?.sourceChanged(accepted: follower.state.accepted)
        await reconciler.sourceChanged(follower.state)
        await reconciler.record("daemon.started", "Curfew \(Version.current) started on \(configuration.repository.url)")
        for hold in quarantine.holds where hold.since >= started {
            log.error("\(hold.reason.escapingControls)")
            await reconciler.record(
                "quarantine.held", hold.reason, ["kind": hold.content.kind.rawValue, "id": hold.content.id])
        }
        await reconciler.showHolds()
        if let aside = journal.recovered {
            log.warning("the state database was damaged; it lies at \(aside) now and a new one was begun")
        }
    }

    func end() async {
        let (sessions, reconciler, prober) = (sessions, reconciler, prober)
        _ = await bounded(.seconds(3)) { await sessions?.shutdown() }
        _ = await bounded(.seconds(2)) {
            await reconciler.record("daemon.stopped", "Curfew stopped; instances go on running")
        }
        _ = await bounded(.seconds(2)) { await prober.shutdown() }
        let runtimes = runtimes.values
        _ = await bounded(.seconds(3)) { for runtime in runtimes { await runtime.shutdown() } }
        quarantine.close()
    }
}
