import CurfewDrivers
import CurfewModel

/// HAProxy's configuration as text: a pure function of the layout and the listeners.
///
/// Servers are in it although they come and go through the runtime socket, since a reload and a restart know only
/// this file. Names, ids, addresses and numbers were checked before, so nothing here can break out of its line.
enum Rendering {
    static func text(_ listeners: [EdgeListener], layout: Layout, dropRights: Bool, connections: Int) -> String {
        var text = """
            # Written by Curfew; changes are overwritten. Servers come and go through the runtime socket.
            global
                nbthread 2
                maxconn \(connections)
                hard-stop-after 5m
                # Without it a port that another program shares would seem free, and get only part of the traffic.
                noreuseport
                stats socket \(layout.adminSocket) level admin mode 0600 expose-fd listeners
            \(dropRights ? "    user haproxy\n    group haproxy\n" : "")
            defaults
                balance roundrobin
                # Short, since a connection that was not made is tried again, on another server if there is one: a server
                # whose backlog is full then costs a second. The long ones let uploads, streams and slow answers live.
                timeout connect 1s
                timeout queue 5s
                timeout client 1h
                timeout server 1h
                timeout tunnel 1h
                timeout client-fin 30s
                timeout http-request 30s
                timeout http-keep-alive 60s
                retries 3
                option redispatch 1
                # So that a server that has gone can be deleted soon after its last request.
                default-server pool-purge-delay 100ms

            """
        for listener in listeners { text += section(listener, bind: layout.bind) }
        return text
    }

    private static func section(_ listener: EdgeListener, bind: String) -> String {
        let address = Endpoint(host: bind, port: listener.port)
        var lines = [
            "", "listen \(listener.key.proxy)", "mode \(listener.mode.rawValue)", "bind \(address)", "option socket-stats",
        ]
        if listener.mode == .http {
            lines += [
                "option http-keep-alive", "option forwardfor",
                // Without it a worker that finishes up closes idle connections, just when a client may be writing on one.
                "option idle-close-on-response",
                // A connection that was never made may always be tried again; a request that got no answer only when
                // asking twice does no harm.
                "retry-on conn-failure empty-response", "http-request disable-l7-retry unless METH_GET",
            ]
        }
        for server in listener.servers {
            // A draining server must get nothing in the moment before the socket says `drain` to the new worker.
            lines.append("server \(server.instance) \(server.endpoint) weight \(server.draining ? 0 : server.weight)")
        }
        return lines.enumerated().map { ($0.offset < 2 ? $0.element : "    " + $0.element) + "\n" }.joined()
    }
}
