public import CurfewModel
import NIOPosix

/// Asks instances how they are, each by its own health check, and remembers the last answers.
///
/// It judges no startup time: an instance is ``Health/unknown`` until its first success.
public actor Prober {
    /// One element when the health of some instance has changed its kind since the last element. Newest only.
    public nonisolated let changes: AsyncStream<Void>

    private struct Tracked {
        var target: ProbeTarget
        var record: ProbeRecord
        var loop: Task<Void, Never>
        /// Tells answers of this loop from those of an earlier one.
        var token: UInt64
    }
    private var tracked: [InstanceID: Tracked] = [:]
    /// Of those that are tracked; kept, so that an unchanged answer is the same storage.
    private var healths: [InstanceID: Health] = [:]
    private var nextToken: UInt64 = 0
    private var isShutDown = false
    private let run: @Sendable (InstanceID, [String], Span) async throws -> Int32
    private let changed: AsyncStream<Void>.Continuation

    /// Makes a prober that asks nobody yet.
    /// - Parameter run: runs a command probe beside an instance and returns its exit code; the span is its timeout.
    public init(run: @escaping @Sendable (InstanceID, [String], Span) async throws -> Int32) {
        self.run = run
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Probes exactly those of `instances` that run and have a health check. The health of an instance that goes on
    /// being tracked unchanged is kept.
    public func track(_ instances: [ObservedInstance]) {
        guard !isShutDown else { return }
        var wanted: [InstanceID: ProbeTarget] = [:]
        for instance in instances { wanted[instance.id] = ProbeTarget(instance) }
        for (id, entry) in tracked where wanted[id] != entry.target {
            entry.loop.cancel()
            tracked[id] = nil
            healths[id] = nil
        }
        for (id, target) in wanted where tracked[id] == nil { begin(id, target) }
    }

    /// The health of every tracked instance; those without a health check are not in it.
    public func health() -> [InstanceID: Health] { healths }

    /// Ends all probes; nothing is tracked afterwards.
    public func shutdown() async {
        isShutDown = true
        let loops = tracked.values.map(\.loop)
        (tracked, healths) = ([:], [:])
        for loop in loops { loop.cancel() }
        for loop in loops { await loop.value }
        changed.finish()
    }

    deinit {
        for entry in tracked.values { entry.loop.cancel() }
        changed.finish()
    }

    private func begin(_ id: InstanceID, _ target: ProbeTarget) {
        nextToken += 1
        let token = nextToken
        let run = run
        let lane = Lane()
        let loop = Task { [weak self] in
            var pause: Duration? = .zero
            while let wait = pause, !Task.isCancelled {
                if wait > .zero { do { try await Task.sleep(for: wait) } catch { return } }
                let failure = await target.ask(lane, run)
                if Task.isCancelled { return }
                pause = await self?.take(failure, of: id, token)
            }
        }
        let record = ProbeRecord(target.check)
        tracked[id] = Tracked(target: target, record: record, loop: loop, token: token)
        healths[id] = record.health
    }

    /// Takes one outcome (`nil` = success); answers how long to wait for the next probe, `nil` = there is none.
    private func take(_ failure: String?, of id: InstanceID, _ token: UInt64) -> Duration? {
        guard tracked[id]?.token == token, var record = tracked[id]?.record else { return nil }
        let before = record.health
        let pause = record.take(failure)
        tracked[id]?.record = record
        if record.health != before { healths[id] = record.health }
        switch (before, record.health) {
        case (.unknown, .unknown), (.healthy, .healthy), (.unhealthy, .unhealthy): break
        default: changed.yield()
        }
        return pause.duration
    }
}
