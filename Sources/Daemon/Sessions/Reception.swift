import CurfewDrivers
import CurfewExecBackend
import CurfewModel

/// What is said between a client's knock and its session. Whoever knocks is hostile until the signature has been checked.
struct Reception: Sendable {
    struct Limits: Sendable {
        /// Longest time to show who one is.
        var authentication = Span.seconds(10)
        /// A stranger's refusal comes no earlier than this after the question.
        var silence = Span.milliseconds(300)
        /// Largest recording.
        var recording = Recording.limit
        /// A person on a terminal is warned so long before the end.
        var warning = Span.seconds(60)
        var seats = Seats.Limits()
    }
    let doorkeeper: Doorkeeper
    let chooser: EntryChooser
    let events: SessionEvents
    let seats: Seats
    let recordings: String
    let store: RecordingStore
    let now: @Sendable () -> Instant
    let limits: Limits

    /// Serves one connection to its end.
    func serve(_ connection: SessionConnection) async {
        defer { connection.close() }
        guard let account = await connection.account() else { return }
        guard seats.mayTry(account, now: now()) else {
            return await refuse(
                connection,
                EntryRefusal(reason: .failed, message: "your account was refused too often; try again in a minute", detail: ""))
        }
        guard let seat = seats.wait(account, close: { connection.close() }) else {
            return await refuse(
                connection, EntryRefusal(reason: .failed, message: "too many are waiting at the door; try again", detail: ""))
        }
        let session: Session?
        do throws(EntryRefusal) {
            defer { seats.stopWaiting(seat) }
            session = try await receive(connection, account)
        } catch { return await refuse(connection, error) }
        guard let session else { return }
        seats.succeeded(account)
        guard seats.enter(account) else {
            return await refuse(connection, EntryRefusal(reason: .failed, message: "too many sessions are open", detail: ""))
        }
        await session.run()
        seats.leave(account)
    }

    /// Until the client has shown who it is; `nil` when it has gone.
    private func receive(_ connection: SessionConnection, _ account: UInt32) async throws(EntryRefusal) -> Session? {
        let authenticated = OneShot<Bool>()
        let limit = limits.authentication
        let alarm = Task {
            if await authenticated.wait(atMost: limit) == nil { connection.close() }
        }
        defer {
            authenticated.set(true)
            alarm.cancel()
        }
        let challenge = Self.challenge()
        var request: ExecRequest?
        do {
            try await connection.send(ExecFrame(.hello, json: ExecHello(challenge: challenge)))
            guard let frame = try await connection.next() else { return nil }
            guard frame.kind == .request else { throw ExecProtocolError("a frame of kind \(frame.kind) before the request") }
            let asked = try frame.json(ExecRequest.self)
            request = asked
            let start = ContinuousClock.now
            do {
                return try await admit(asked, challenge, connection, account)
            } catch {
                await events.refused(error, asked, account: account)
                if error.person == nil { try await Task.sleep(until: start + limits.silence.duration, clock: .continuous) }
                throw error
            }
        } catch let refusal as EntryRefusal {
            throw refusal
        } catch let error as ExecProtocolError {
            let refusal = EntryRefusal(
                message: "that is not what `curfew exec` sends: \(error)", detail: "not the protocol: \(error)")
            await events.refused(refusal, request, account: account)
            throw refusal
        } catch { return nil }
    }

    private func admit(_ request: ExecRequest, _ challenge: String, _ connection: SessionConnection, _ account: UInt32)
        async throws(EntryRefusal) -> Session
    {
        let admission = try await doorkeeper.admit(request, challenge: challenge)
        let (backend, record) = (admission.backend, admission.record)
        let choice = try await chooser.choose(
            request.instance, of: admission.workload, in: backend.configuration.runtime, for: record.person)
        let id = SessionFacts.newID(record.grant, at: now())
        return Session(
            SessionFacts(
                id: id, grant: record.grant, person: record.person, workload: admission.workload, instance: choice.instance,
                command: request.command, terminal: request.terminal.map { TerminalSize(columns: $0.columns, rows: $0.rows) },
                term: request.term, end: record.end, recordsInput: backend.configuration.recordsInput, account: account),
            Session.Parts(
                backend: backend, runtime: choice.runtime, connection: connection,
                recording: Recording(id: id, folder: recordings, limit: limits.recording, store: store), events: events,
                now: now,
                warning: limits.warning))
    }

    private func refuse(_ connection: SessionConnection, _ refusal: EntryRefusal) async {
        let end = ExecEnd(refusal.reason, refusal.message)
        _ = await bounded(.seconds(1)) { try? await connection.send(ExecFrame(.end, json: end)) }
    }

    private static func challenge() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}
