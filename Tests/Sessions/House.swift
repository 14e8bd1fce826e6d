import CurfewDrivers
import CurfewExecBackend
import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Glibc
import Foundation
import Logging
import NIOCore
import NIOPosix

@testable import CurfewDaemon

/// A state folder with a backend, a runtime, a journal and an open door; alice and mallory have keys.
final class House: Sendable {
    let scratch: Scratch
    let state: StateFolder
    let journal: Journal
    let runtime = FakeRuntime()
    let backend: ExecBackend
    let sessions: Sessions
    let keys: SigningKeys
    let person: Person

    init(
        _ label: String, recordsInput: Bool = true, state folder: String? = nil, limits: Reception.Limits = .init(),
        recordings: RecordingBounds = .init()
    )
        async throws
    {
        scratch = try Scratch(label)
        state = StateFolder(path: folder ?? scratch.file("state"))
        try state.create()
        journal = try Journal(path: state.journal)
        keys = try await SigningKeys(scratch, "alice", "mallory")
        person = Person(name: Name(literal: "alice"), emails: [], loginKeys: [try keys.key("alice")])
        backend = ExecBackend(
            configuration: ExecBackendConfiguration(
                name: Name(literal: "shell"), folder: scratch.file("shell"), runtime: runtime.name, recordsInput: recordsInput),
            now: { .current })
        try await backend.open()
        try runtime.add("orders-api", "orders-api-1", "orders-api-2")
        let runtime = runtime
        let chooser = EntryChooser(
            runtime: { $0 == runtime.name ? runtime : nil },
            healthy: { _ in Set(["orders-api-2"].compactMap { InstanceID($0) }) })
        sessions = Sessions(
            Sessions.Parts(
                state: state, backends: [backend], chooser: chooser, journal: journal, now: { .current },
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, limits: limits,
                recordings: recordings))
    }

    /// Opens the door, runs `body`, and closes it.
    func open(_ body: () async throws -> Void) async throws {
        try await sessions.open()
        do { try await body() } catch {
            await sessions.shutdown()
            throw error
        }
        await sessions.shutdown()
    }

    @discardableResult
    func grant(_ name: String = "one", lasting: Span = .seconds(600), commands: [String]? = nil) async throws -> GrantID {
        var settings: [String: Setting] = ["workloads": .list([.text("orders-api")])]
        if let commands { settings["commands"] = .list(commands.map { .text($0) }) }
        guard let name = Name(name) else { throw ContractViolation(name) }
        let id = GrantID(name: name, blob: .random())
        let now = Instant.current
        _ = try await backend.give(
            AccessOrder(id: id, person: person, settings: settings, start: now, end: now + lasting, reason: "INC-1"))
        return id
    }

    func events(_ kind: String) async throws -> [JournalEvent] { try await journal.last(1000, kind: kind) }

    /// The text of a session's recording.
    func recording(_ id: String) throws -> String {
        try String(contentsOfFile: "\(state.recordings)/\(id).cast", encoding: .utf8)
    }

    /// Waits for the event of a session's end.
    func ended() async throws -> JournalEvent {
        _ = try await eventually { try await !events("session.ended").isEmpty }
        guard let event = try await events("session.ended").last else { throw ContractViolation("no session has ended") }
        return event
    }
}

/// A client as hostile as a test wants it.
struct Client: Sendable {
    let channel: any Channel
    let connection: SessionConnection

    init(_ house: House) async throws {
        let box = OneShot<SessionConnection>()
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = SessionConnection(channel) { _ in }
                    try channel.pipeline.syncOperations.addHandler(connection)
                    box.set(connection)
                }
            }
            .connect(unixDomainSocketPath: house.state.execSocket).get()
        guard let connection = await box.wait(atMost: .seconds(5)) else { throw ContractViolation("no connection") }
        self.connection = connection
    }

    func send(raw bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    func hello() async throws -> ExecHello {
        guard let frame = try await connection.next() else { throw ContractViolation("the daemon hung up") }
        return try frame.json(ExecHello.self)
    }

    /// Everything until the end, or until the daemon hangs up.
    func rest() async throws -> (output: String, errors: String, notices: [String], end: ExecEnd?) {
        var (output, errors, notices): ([UInt8], [UInt8], [String]) = ([], [], [])
        while let frame = try await connection.next() {
            switch frame.kind {
            case .output: output += frame.payload
            case .errors: errors += frame.payload
            case .notice: notices.append(try frame.json(ExecNotice.self).text)
            case .end:
                return (
                    String(decoding: output, as: UTF8.self), String(decoding: errors, as: UTF8.self), notices,
                    try frame.json(ExecEnd.self)
                )
            default: break
            }
        }
        return (String(decoding: output, as: UTF8.self), String(decoding: errors, as: UTF8.self), notices, nil)
    }

    /// Asks to be let in; signed by `signer` over the daemon's challenge or `challenge`.
    func ask(
        _ house: House, _ command: [String] = ["sh"], grant: String = "one", workload: String = "orders-api",
        instance: String? = nil, terminal: ExecSize? = nil, signer: String = "alice", key: String? = nil,
        challenge: String? = nil
    ) async throws {
        let hello = try await hello()
        var request = ExecRequest(
            grant: grant, workload: workload, instance: instance, command: command, terminal: terminal, term: "xterm",
            key: try house.keys.key(key ?? signer).line)
        request.signature = try await house.keys.sign(
            request.signedText(challenge: challenge ?? hello.challenge), as: signer, for: ExecRequest.namespace)
        try await connection.send(ExecFrame(.request, json: request))
    }

    /// The accepted frame.
    func accepted() async throws -> ExecAccepted {
        guard let frame = try await connection.next() else { throw ContractViolation("the daemon hung up") }
        if frame.kind == .end { throw ContractViolation("refused: \(try frame.json(ExecEnd.self).message)") }
        return try frame.json(ExecAccepted.self)
    }

    func type(_ text: String) async throws { try await connection.send(ExecFrame(.input, Array(text.utf8))) }
}

extension Instant {
    /// The system's clock.
    static var current: Instant {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Instant(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }
}
