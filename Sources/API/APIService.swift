public import Logging
import Glibc
import CurfewSystem
import CurfewTLS
import NIOSSL
import Synchronization

/// The HTTP API. Reads how Curfew stands, and takes the few wishes of operators and hints of forges that change nothing of
/// what is desired. Its failure is nobody else's: ``run()`` never throws, and begins again.
public struct APIService: Sendable {
    /// Where it listens.
    public enum Address: Sendable, Equatable {
        /// Absolute path of a Unix socket.
        case unix(String)
        /// A literal IPv4 or IPv6 address; port 0 takes any free one.
        case address(String, port: Int)
    }
    /// Everything that it is made from.
    public struct Settings: Sendable {
        /// Where it listens.
        public var address: Address
        /// The journal's file.
        public var journal: String
        /// Whether everybody who reaches it may look.
        public var allowsAnonymousViewers = false
        /// Names that it goes by.
        public var hosts: [String] = []
        /// Files of certificate and key, in PEM.
        public var tls: (cert: String, key: String)?
        /// The file of bearer tokens.
        public var tokens: String?
        /// An identity provider.
        public var oidc: OIDCSettings?
        /// Forge (`github`, `gitlab`, `gitea`, `generic`) → file of its secret.
        public var webhooks: [String: String] = [:]
        /// How long connections may take their time.
        public var limits = ConnectionLimits()
        /// Longest time of an answer.
        public var deadline = Duration.seconds(20)
        /// Between two signs of life on a stream.
        public var heartbeat = Duration.seconds(15)
        /// Most streams of events at once.
        public var streams = EventFeed.mostStreams

        /// The documented defaults.
        public init(address: Address, journal: String) { (self.address, self.journal) = (address, journal) }
    }

    /// Whether it listens, and on which port.
    private final class Bound: Sendable { let state = Mutex<(isListening: Bool, port: Int?)>((false, nil)) }

    private let settings: Settings
    private let gate: Gate
    private let table: ConnectionTable
    private let log: Logger
    private let bound = Bound()
    /// To be rung whenever the journal has grown.
    public let feed: EventFeed

    /// Makes it; nothing is opened yet.
    public init(_ settings: Settings, host: any APIHost, log: Logger) {
        (self.settings, self.log) = (settings, log)
        feed = EventFeed(limit: settings.streams)
        table = ConnectionTable(settings.limits)
        gate = Self.gate(settings, host: host, feed: feed, table: table, log: log)
    }

    /// Everything behind the sockets.
    static func gate(
        _ settings: Settings, host: any APIHost, feed: EventFeed, table: ConnectionTable = ConnectionTable(), log: Logger
    ) -> Gate {
        let journal = JournalSource(path: settings.journal)
        let secrets = settings.webhooks.compactMap { name, file in Webhooks.Forge(rawValue: name).map { ($0, file) } }
        let hooks = Webhooks(
            secrets: Dictionary(secrets) { first, _ in first }, memory: DeliveryMemory(), fetch: { await host.sync() })
        let doorman = Doorman(
            way: settings.isUnix ? .unix : .address, tokens: settings.tokens.map { TokenFile(path: $0) },
            identities: settings.oidc.map { OIDCProvider($0) }, allowsAnonymousViewers: settings.allowsAnonymousViewers,
            sessions: ConsoleSessions(), cookie: SessionCookie(instance: settings.instance, isSecure: settings.tls != nil))
        let routes = Routes(
            host: host, journal: journal,
            stream: EventStream(feed: feed, journal: journal, heartbeat: settings.heartbeat), hooks: hooks,
            console: ConsoleRoutes(host: host, journal: journal, doorman: doorman))
        return Gate(
            routes: routes.all, hosts: HostCheck(configured: settings.hosts, address: settings.host, isLocal: settings.isLocal),
            checks: RouteChecks(doorman: doorman, deadline: settings.deadline, table: table), host: host, log: log)
    }

    /// The port that it listens on, `nil` before and for a Unix socket.
    public var port: Int? { bound.state.withLock { $0.port } }

    /// Connections at this moment.
    var openConnections: Int { table.count }

    /// Whether it listens just now.
    public var isListening: Bool { bound.state.withLock { $0.isListening } }

    /// Serves until the task is cancelled. What fails is told in the log and tried again after 1 to 60 s.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: min(settings.heartbeat, .seconds(15)))
                    feed.beat(longestWrite: .seconds(30))
                    table.reportMalformed(to: log)
                }
                feed.close()
            }
            var pause = 1
            while !Task.isCancelled {
                do { try await serve() } catch {
                    log.error("the HTTP API does not run: \(error); everything else goes on, next try in \(pause) s")
                }
                try? await Task.sleep(for: .seconds(pause))
                pause = min(pause * 2, 60)
            }
            group.cancelAll()
        }
    }

    private func serve() async throws {
        let server = APIServer(gate: gate, limits: settings.limits, table: table, tls: try settings.makeTLS(), log: log)
        let (log, bound, address) = (log, bound, settings.address)
        let socket =
            switch address {
            case .unix(let path): try UnixSocket.listen(path, mode: 0o600)
            case .address(let host, let port): try ListeningSocket.address(host, port: port)
            }
        defer {
            bound.state.withLock { $0 = (false, nil) }
            // Ours: the state folder's lock says that nobody else listens there.
            if case .unix(let path) = address { unlink(path) }
        }
        try await server.serve(socket) { port in
            bound.state.withLock { $0 = (true, port) }
            switch address {
            case .unix(let path): log.info("the HTTP API listens on \(path)")
            case .address(let host, _): log.info("the HTTP API listens on \(host), port \(port ?? 0)")
            }
        }
    }
}

extension APIService.Settings {
    var isUnix: Bool { if case .unix = address { true } else { false } }

    var host: String? { if case .address(let host, _) = address { host } else { nil } }

    /// What tells this Curfew from others on the host, before and after a restart.
    var instance: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host)\n\(journal)\n\(address)"
    }

    /// Whether only programs of this machine reach it.
    var isLocal: Bool { host.map { $0 == "::1" || $0.hasPrefix("127.") } ?? true }

    func makeTLS() throws -> TLSConfiguration? {
        guard let tls else { return nil }
        return try TLSRules.server(certificate: tls.cert, key: tls.key)
    }
}
