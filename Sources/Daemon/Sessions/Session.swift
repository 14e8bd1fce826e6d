import CurfewDrivers
import CurfewExecBackend
import CurfewModel
import Synchronization

/// One person's command inside an instance, from the first word in the journal to the last.
///
/// Whatever ends it sets ``outcome``, and the first one wins; only ``run()`` acts on that. No part that can hang (the
/// engine, the client, the disk) is waited for without a bound.
final class Session: ExecSession {
    struct Parts: Sendable {
        var backend: ExecBackend
        var runtime: any InteractiveRuntime
        var connection: SessionConnection
        var recording: Recording
        var events: SessionEvents
        var now: @Sendable () -> Instant
        /// The person on a terminal is warned so long before the end.
        var warning = Span.seconds(60)
        /// How long the engine may take to end a command.
        var patience = Span.seconds(5)
    }
    let facts: SessionFacts
    let parts: Parts
    let outcome = OneShot<SessionOutcome>()
    let counts = Mutex((sent: 0, received: 0))
    private let done = OneShot<Bool>()
    private let began = ContinuousClock.now

    var id: String { facts.id }
    var grant: GrantID { facts.grant }

    init(_ facts: SessionFacts, _ parts: Parts) { (self.facts, self.parts) = (facts, parts) }

    func cut(_ why: String) async {
        outcome.set(.cut(why))
        _ = await done.wait(atMost: Span(milliseconds: parts.patience.milliseconds + 3000))
    }

    /// Records, enters, and goes on until it ends. Nothing is begun that is not written down before.
    func run() async {
        defer { done.set(true) }
        do {
            try await parts.recording.begin(facts.header(at: parts.now()))
            try await parts.events.started(facts)
        } catch {
            _ = try? await parts.recording.finish()
            return await refuse("the session cannot be recorded, so it is not begun (\(error))")
        }
        let watch = Task { await watchTime() }
        defer { watch.cancel() }
        parts.connection.whenClosed { [outcome] in outcome.set(.left("client left")) }
        let entry = await enter()
        var pumps: [Task<Void, Never>] = []
        if let entry, outcome.value == nil {
            pumps = [Task { await pumpOutput(of: entry) }, Task { await pumpInput(into: entry) }]
        }
        let outcome = await outcome.wait() ?? .lost("")
        for pump in pumps { pump.cancel() }
        await finish(outcome, entry)
    }

    /// Lets the person in, unless the grant has ended meanwhile or the engine cannot; then ``outcome`` says so.
    private func enter() async -> (any EntrySession)? {
        do {
            try await parts.backend.begin(
                self,
                entry: ExecEntry(grant: grant, workload: facts.workload, instance: facts.instance, command: facts.command))
        } catch {
            outcome.set(.cut((error as? DriverError)?.message ?? "\(error)"))
            return nil
        }
        do {
            return try await parts.runtime.enter(facts.instance, command: facts.command, terminal: facts.terminal)
        } catch {
            outcome.set(.notBegun("\(error)"))
            return nil
        }
    }

    private func finish(_ outcome: SessionOutcome, _ entry: (any EntrySession)?) async {
        var code: Int32?
        if case .exited = outcome, let entry {
            code = await bounded(parts.patience) { try? await entry.exitCode() }.flatMap { $0 }
        }
        let ending = OneShot<Bool>()
        Task {
            await entry?.end()
            ending.set(true)
        }
        let how = outcome.told(code: code)
        let farewell = outcome.farewell(code: code)
        if case .exited = outcome {
            // The command is over: what is told of it is there before the person is back at their prompt.
            await tell(how, code)
            await part(with: farewell)
            _ = await ending.wait(atMost: parts.patience)
            return await parts.backend.finish(self, how: how, entered: true)
        }
        // The person hears of it at once; the engine may take its time.
        let goodbye = Task { await part(with: farewell) }
        let isOver = await ending.wait(atMost: parts.patience) != nil
        await tell(how, code, isOver ? [] : ["the engine has not said that the command has ended"])
        await goodbye.value
        if isOver { return await parts.backend.finish(self, how: how, entered: entry != nil) }
        // Until the engine says so, the backend tells that somebody is in.
        Task {
            _ = await ending.wait()
            await parts.backend.finish(self, how: how, entered: true)
        }
    }

    /// Closes the recording and writes the end down.
    private func tell(_ how: String, _ code: Int32?, _ problems: [String] = []) async {
        var ending = SessionEvents.Ending(how: how, code: code, seconds: seconds, problems: problems)
        (ending.sent, ending.received) = counts.withLock { $0 }
        let (recording, events, facts) = (parts.recording, parts.events, facts)
        // Not one switch over the optional: Swift 6.3's optimizer takes the wrong branch there (docs/architecture.md).
        if let answer = await bounded(parts.patience, { await Result { try await recording.finish() } }) {
            switch answer {
            case .success(let finished): ending.recording = finished
            case .failure(let error): ending.problems.append("\(error)")
            }
        } else {
            ending.problems.append("the recording cannot be closed: its disk does not answer")
        }
        let told = ending
        _ = await bounded(parts.patience) { await events.ended(facts, told) }
    }

    private func part(with farewell: ExecEnd) async {
        let connection = parts.connection
        _ = await bounded(.seconds(1)) { try? await connection.send(ExecFrame(.end, json: farewell)) }
        connection.close()
    }

    private func refuse(_ message: String) async { await part(with: ExecEnd(.failed, message)) }

    private var seconds: Double {
        let parts = (ContinuousClock.now - began).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}
