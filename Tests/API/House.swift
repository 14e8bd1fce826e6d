import CurfewAPI
import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import Logging

/// An API with a journal and a fake service behind it, on a real socket.
struct House: Sendable {
    let scratch: Scratch
    let host: FakeHost
    let journal: Journal
    var settings: APIService.Settings
    var socket: String { scratch.file("api.sock") }

    init(_ label: String = "api", delay: Duration = .zero) throws {
        scratch = try Scratch(label)
        host = FakeHost(delay: delay)
        journal = try Journal(path: scratch.file("journal.sqlite"))
        settings = APIService.Settings(address: .address("127.0.0.1", port: 0), journal: scratch.file("journal.sqlite"))
        settings.allowsAnonymousViewers = true
        settings.heartbeat = .milliseconds(200)
    }

    /// Fresh tokens: a viewer's and an operator's.
    mutating func addTokens() throws -> (viewer: String, operator: String) {
        guard let viewer = FreshToken(name: "grafana", role: "viewer"), let boss = FreshToken(name: "boss", role: "operator")
        else { throw ProgramFailure(command: "token", output: "none was made") }
        let path = try scratch.write("tokens", "# people\n\(viewer.line)\n\n\(boss.line)  # on call\n")
        chmod(path, 0o600)
        settings.tokens = path
        return (viewer.token, boss.token)
    }

    /// Runs `body` beside the service; `body` gets the port, 0 for a Unix socket.
    func run(listens: Bool = true, _ body: (Int) async throws -> Void) async throws {
        try await run(listens: listens) { _, port in try await body(port) }
    }

    /// The same, with the service itself.
    func run(
        listens: Bool = true, log: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: (APIService, Int) async throws -> Void
    ) async throws {
        let service = APIService(settings, host: host, log: log)
        let feed = service.feed
        journal.onAppend { _ in feed.ring() }
        let task = Task { await service.run() }
        do {
            let isThere = listens ? await eventually { service.isListening } : true
            guard isThere else {
                throw ProgramFailure(command: "api", output: "it does not listen")
            }
            try await body(service, service.port ?? 0)
        } catch {
            task.cancel()
            await task.value
            throw error
        }
        task.cancel()
        await task.value
    }

    func append(_ kind: String, _ message: String, workload: String? = nil, details: [String: String] = [:]) async throws {
        try await journal.append(
            JournalEvent(
                at: Instant(milliseconds: 1_800_000_000_000), kind: kind, workload: workload.flatMap { Name($0) },
                revision: ObjectID(String(repeating: "a", count: 40)), message: message, details: details))
    }
}

/// What a server answered.
struct Answer: Sendable {
    var code: Int
    var headers: [String: String]
    var body: String

    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:] }
    var detail: String { json["detail"] as? String ?? "" }
}

/// One request with curl: another program's idea of HTTP.
func ask(_ address: String, _ arguments: String..., body: String? = nil) async throws -> Answer {
    var words = ["-sS", "-i", "-m", "20", "--path-as-is", "--http1.1"] + arguments
    if let body { words += ["--data-binary", body] }
    let result = try await execute("curl", words + [address])
    guard let end = result.output.range(of: "\r\n\r\n") else {
        throw ProgramFailure(command: "curl \(address)", output: result.errors + result.output)
    }
    let lines = result.output[..<end.lowerBound].components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    let code = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
    return Answer(code: code, headers: headers, body: String(result.output[end.upperBound...]))
}
