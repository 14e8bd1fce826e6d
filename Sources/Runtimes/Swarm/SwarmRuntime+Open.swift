import CurfewContainers
import CurfewDrivers
import CurfewModel

extension SwarmRuntime {
    /// Begins to listen to the swarm. One that is down is waited for in the background: ``observe()`` says so meanwhile.
    public func open() async throws {
        guard !isOpen else { return }
        isOpen = true
        noteFormerVolumes()
        watching = Task { [weak self] in
            var pause = Duration.milliseconds(100)
            while !Task.isCancelled {
                let start = ContinuousClock.now
                try? await self?.watch()
                if Task.isCancelled { return }
                // A stream that held for a while was cut, one that fails at once is tried less and less often.
                pause = ContinuousClock.now - start > .seconds(5) ? .milliseconds(100) : min(pause * 2, .seconds(5))
                await self?.lost()
                try? await Task.sleep(for: pause)
                if self == nil { return }
            }
        }
    }

    /// What is wrong with each manager of a configuration, for people; `nil` for one that can be used.
    /// - Throws: ``DriverError`` when the TLS files cannot be used.
    public static func problems(of configuration: SwarmRuntimeConfiguration) async throws -> [(
        endpoint: String, problem: String?
    )] {
        let pool: ManagerPool
        do { pool = try ManagerPool(configuration.endpoints, timeout: .seconds(5)) } catch {
            throw driverError(error, "set up the swarm", "")
        }
        let problems = await pool.problems()
        await pool.shutdown()
        return problems
    }

    /// Stops listening. Instances run on.
    public func shutdown() async {
        isOpen = false
        watching?.cancel()
        for task in starting.values { _ = await task.result }
        for task in stopping.values { task.cancel() }
        await watching?.value
        report.finish()
        await pool.shutdown()
    }

    /// The stream has ended: whatever is known may be old.
    private func lost() {
        (isClaimed, nodesAreStale) = (false, true)
        report.yield(RuntimeEvent(runtime: name, detail: "the swarm's event stream ended"))
    }

    /// Makes sure that the swarm is ours.
    func claim() async throws {
        // A command beside the daemon only looks.
        guard !isClaimed, isOpen else { return }
        try await translating("use the swarm", pool.place) {
            try await SwarmClaim.take(pool, owner: owner, state: configuration.folder)
        }
        isClaimed = true
    }

    /// Writes down what is known of an instance; a command beside the daemon only remembers it.
    func note(_ id: InstanceID, _ entry: Ledger.Entry?) throws {
        if isOpen { if let entry { try ledger.write(id, entry) } else { ledger.remove(id) } }
        written[id] = entry
    }
}
