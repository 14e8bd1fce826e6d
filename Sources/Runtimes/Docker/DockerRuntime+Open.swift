import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
import CurfewModel

extension DockerRuntime {
    /// Reads the ledger and begins to listen to the engine. An engine that is down is waited for in the background:
    /// ``observe()`` says so meanwhile.
    /// - Throws: ``DriverError`` when the runtime's folder cannot be used.
    public func open() async throws {
        guard !isOpen else { return }
        secrets.keep(Set(written.keys))
        isOpen = true
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

    /// Stops listening. Instances run on.
    public func shutdown() async {
        isOpen = false
        watching?.cancel()
        for task in starting.values { _ = await task.result }
        for task in stopping.values { task.cancel() }
        await watching?.value
        report.finish()
        entered.finish()
        await client.shutdown()
    }

    /// The engine's stream has ended: whatever is known may be old.
    private func lost() {
        isClaimed = false
        for id in known.keys { known[id]?.isStale = true }
        report.yield(RuntimeEvent(runtime: name, detail: "the engine's event stream ended"))
    }

    /// Makes sure that the engine is ours.
    func claim() async throws {
        // A command beside the daemon only looks.
        guard !isClaimed, isOpen else { return }
        try await translating("use the engine", "\(client.endpoint)") {
            try await EngineClaim.take(client, owner: owner, state: configuration.folder)
        }
        isClaimed = true
    }

    /// Writes down what is known of an instance; a command beside the daemon only remembers it.
    func note(_ id: InstanceID, _ entry: Ledger.Entry?) throws {
        if isOpen { if let entry { try ledger.write(id, entry) } else { ledger.remove(id) } }
        written[id] = entry
    }
}
