import CurfewDrivers
import CurfewModel

/// One line for the runtime socket.
struct ServerCommand: Sendable, Equatable {
    var text: String
    /// Whether workers of earlier configurations are told too.
    var reachesOld = true
    /// `add server` answers with a sentence; the others say nothing when they succeed.
    var success: String?

    func accepts(_ answer: String) -> Bool {
        let text = answer.filter { !$0.isWhitespace }
        return success.map { text.contains($0) } ?? text.isEmpty
    }
}

/// What has to be said so that a worker's servers become those that are wanted: a value, made without asking anybody.
struct ServerChanges: Sendable, Equatable {
    /// Servers that come and servers that stay, in this order.
    var commands: [ServerCommand] = []
    /// Taking out of service those that go.
    var gone: [ServerCommand] = []
    /// `proxy/server`, in maintenance by then.
    var deletions: [String] = []

    var isEmpty: Bool { commands.isEmpty && gone.isEmpty && deletions.isEmpty }

    init(from running: WorkerState, to listeners: [EdgeListener]) {
        var arriving: [ServerCommand] = []
        var staying: [ServerCommand] = []
        for listener in listeners {
            let proxy = listener.key.proxy
            let present = running.proxies[proxy]?.servers ?? [:]
            for server in listener.servers {
                let name = "\(proxy)/\(server.instance)"
                if let seen = present[server.instance.rawValue],
                    seen.endpoint.map({ Address.same($0, server.endpoint) }) ?? false
                {
                    Self.adjust(name, seen, to: server, &staying)
                } else if present[server.instance.rawValue] != nil {
                    Self.move(name, to: server, &arriving)
                } else {
                    arriving.append(
                        ServerCommand(
                            text: "add server \(name) \(server.endpoint) weight \(server.weight) pool-purge-delay 100ms",
                            reachesOld: false, success: "Newserverregistered"))
                    let state = server.draining ? "drain" : "ready"
                    arriving.append(ServerCommand(text: "set server \(name) state \(state)", reachesOld: false))
                }
            }
            let wanted = Set(listener.servers.map(\.instance.rawValue))
            for (server, seen) in present.sorted(by: { $0.key < $1.key }) where !wanted.contains(server) {
                guard Self.isPlain(server) else { continue }
                let name = "\(proxy)/\(server)"
                if !seen.maintenance {
                    gone.append(ServerCommand(text: "set server \(name) state drain"))
                    gone.append(ServerCommand(text: "set server \(name) state maint"))
                }
                gone.append(ServerCommand(text: "shutdown sessions server \(name)"))
                deletions.append(name)
            }
        }
        commands = arriving + staying
    }

    private static func adjust(
        _ name: String, _ seen: WorkerState.Server, to server: EdgeListener.Server, _ commands: inout [ServerCommand]
    ) {
        let settled = !seen.maintenance && seen.draining == server.draining
        // Drain before the weight rises, and raise the weight before traffic is let in.
        if !settled, server.draining { commands.append(ServerCommand(text: "set server \(name) state drain")) }
        if seen.weight != server.weight { commands.append(ServerCommand(text: "set server \(name) weight \(server.weight)")) }
        if !settled, !server.draining { commands.append(ServerCommand(text: "set server \(name) state ready")) }
    }

    /// An instance whose address has changed: its old connections lead nowhere.
    private static func move(_ name: String, to server: EdgeListener.Server, _ commands: inout [ServerCommand]) {
        let host = server.endpoint.host
        commands.append(ServerCommand(text: "set server \(name) state maint"))
        commands.append(
            ServerCommand(text: "set server \(name) addr \(host) port \(server.endpoint.port)", success: "changed"))
        commands.append(ServerCommand(text: "shutdown sessions server \(name)"))
        commands.append(ServerCommand(text: "set server \(name) weight \(server.weight)"))
        commands.append(ServerCommand(text: "set server \(name) state \(server.draining ? "drain" : "ready")"))
    }

    /// Whether a name can stand in a command; HAProxy allows no others in its own configuration either.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || [45, 46, 58, 95].contains($0)
            }
    }
}
