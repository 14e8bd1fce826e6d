import CurfewDrivers
import CurfewModel
import Glibc

extension HAProxyEdge {
    /// Listeners first (by a reload, when they differ), then servers; what cannot be had is left out and told at the end.
    func bringAbout(_ listeners: [EdgeListener]) async throws -> ObservedEdge {
        let layout = try Layout(configuration)
        var problems: [DriverError] = []
        var wanted = try await find(layout) ? try await settled(layout) : nil
        var accepted = Self.check(listeners, bind: layout.bind, running: wanted, &problems)
        try await leaveOutTaken(&accepted, running: wanted, layout, &problems)
        if wanted == nil {
            try await start(accepted, layout)
        } else if Self.listenersDiffer(accepted, wanted, bind: layout.bind) {
            try await write(accepted, layout)
            do { try await reload(layout) } catch let error as DriverError where error.code == .failed {
                // Somebody took a port between the look and the reload.
                let count = accepted.count
                try await leaveOutTaken(&accepted, running: wanted, layout, &problems)
                guard accepted.count < count else { throw error }
                try await write(accepted, layout)
                try await reload(layout)
            }
        }
        wanted = nil
        let after = try await synchronise(accepted, layout)
        if let first = problems.first {
            throw problems.count == 1
                ? first
                : DriverError(
                    first.code, operation: first.operation, subject: problems.map(\.subject).joined(separator: ", "),
                    problems.map { "\($0.subject): \($0.message)" }.joined(separator: "; "))
        }
        return after.observed
    }

    /// What the running HAProxy does; ends it and answers `nil` when it runs but its sockets are gone, so that it can
    /// never be spoken to again.
    private func settled(_ layout: Layout) async throws -> WorkerState? {
        let limit = ContinuousClock.now + .seconds(2)
        while true {
            do { return try await read(layout).state } catch let error as DriverError where error.code == .unreachable {
                guard try await find(layout) else { return nil }
                guard ContinuousClock.now > limit else {
                    try await Task.sleep(for: .milliseconds(20))
                    continue
                }
                guard try await blocking({ access(layout.masterSocket, F_OK) != 0 }) else { throw error }
                await self.end()
                return nil
            }
        }
    }

    /// Leaves out what HAProxy could not take: a port or address that is none, a port that is wanted twice.
    static func check(
        _ listeners: [EdgeListener], bind: String, running: WorkerState?, _ problems: inout [DriverError]
    ) -> [EdgeListener] {
        func has(_ listener: EdgeListener) -> Bool {
            running?.proxies[listener.key.proxy]?.addresses.contains { $0.port == listener.port } ?? false
        }
        var result: [EdgeListener] = []
        // Who has the port already keeps it.
        for listener in listeners.sorted(by: { (has($0) ? 0 : 1, $0.key) < (has($1) ? 0 : 1, $1.key) }) {
            let subject = "\(listener.key) port \(listener.port)"
            if !(1...65535).contains(listener.port) {
                problems.append(DriverError(.failed, operation: "open", subject: subject, "ports go from 1 to 65535"))
            } else if let other = result.first(where: { $0.port == listener.port }) {
                problems.append(
                    DriverError(
                        .portInUse, operation: "open", subject: subject, "\(other.key) has the same port; give it another"))
            } else if result.contains(where: { $0.key == listener.key }) {
                problems.append(DriverError(.failed, operation: "open", subject: subject, "the listener is given twice"))
            } else {
                var listener = listener
                var seen = Set<InstanceID>()
                listener.servers = listener.servers.filter { server in
                    let fits =
                        Address.isLiteral(server.endpoint.host) && (1...65535).contains(server.endpoint.port)
                        && (0...256).contains(server.weight) && seen.insert(server.instance).inserted
                    if !fits {
                        problems.append(
                            DriverError(
                                .failed, operation: "add server", subject: "\(server.instance) to \(listener.key)",
                                "needs a literal address, a port from 1 to 65535 and a weight from 0 to 256, once"))
                    }
                    return fits
                }
                result.append(listener)
            }
        }
        return result.sorted { $0.key < $1.key }
    }

    /// Leaves out listeners whose port somebody else has: one of them would make HAProxy refuse all the others.
    private func leaveOutTaken(
        _ listeners: inout [EdgeListener], running: WorkerState?, _ layout: Layout, _ problems: inout [DriverError]
    ) async throws {
        let own = running?.proxies.values.flatMap(\.addresses) ?? []
        var kept: [EdgeListener] = []
        for listener in listeners {
            let address = Endpoint(host: layout.bind, port: listener.port)
            var code: Int32 = 0
            // A worker of ours that was told to finish may hold it for a moment yet.
            for _ in 0..<25 where !own.contains(where: { Address.same($0, address) }) {
                code = try await blocking { Address.tryBind(address) }
                guard code == EADDRINUSE else { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            guard code != 0 else {
                kept.append(listener)
                continue
            }
            let subject = "\(listener.key) on \(address)"
            if code == EADDRINUSE {
                let holder = try await blocking { PortHolder.describe(port: listener.port) } ?? "another program"
                problems.append(
                    DriverError(
                        .portInUse, operation: "open", subject: subject,
                        "the port is held by \(holder); stop it or expose workload \(listener.key.workload) on another port"))
            } else {
                problems.append(DriverError(.failed, operation: "open", subject: subject, String(cString: strerror(code))))
            }
        }
        listeners = kept
    }

    /// Whether a reload is needed: names, modes and addresses, and whether they are open.
    static func listenersDiffer(_ wanted: [EdgeListener], _ running: WorkerState?, bind: String) -> Bool {
        guard let running, running.proxies.count == wanted.count else { return true }
        return wanted.contains { listener in
            guard let proxy = running.proxies[listener.key.proxy], proxy.isOpen, proxy.mode == listener.mode.rawValue,
                proxy.addresses.count == 1, let address = proxy.addresses.first
            else { return true }
            return !Address.same(address, Endpoint(host: bind, port: listener.port))
        }
    }
}
