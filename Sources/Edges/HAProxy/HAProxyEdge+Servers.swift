import CurfewDrivers
import CurfewModel

extension HAProxyEdge {
    /// What the current worker does, and the pids of those that finish up; their connections are counted in.
    func read(_ layout: Layout) async throws -> (state: WorkerState, current: Int32, old: [Int32]) {
        let table = try await table(layout)
        guard let current = table.current else {
            throw DriverError(.unreachable, operation: "observe edge", subject: layout.folder, "haproxy has no worker just now")
        }
        var state = try await state(of: current, layout)
        for worker in table.old.prefix(16) {
            // It may end at any moment, and then it has no connection.
            if let rest = try? await self.state(of: worker, layout) { state.add(connectionsOf: rest) }
        }
        return (state, current, table.old)
    }

    private func state(of worker: Int32, _ layout: Layout) async throws -> WorkerState {
        // `@!pid` names one worker for sure; the admin socket is answered by an old one for a moment after a reload.
        let stat = try await ask(layout.masterSocket, "@!\(worker) show stat -1 15 -1")
        let servers = try await ask(layout.masterSocket, "@!\(worker) show servers state")
        if stat.hasPrefix("Can't") || servers.hasPrefix("Can't") {
            throw DriverError(.unreachable, operation: "observe edge", subject: "worker \(worker)", "it has just ended")
        }
        return try WorkerState(stat: stat, servers: servers)
    }

    /// Makes the servers of every listener equal to what is wanted: first those that come, then weights, then those that go.
    func synchronise(_ listeners: [EdgeListener], _ layout: Layout) async throws -> WorkerState {
        let (before, current, old) = try await read(layout)
        let changes = ServerChanges(from: before, to: listeners)
        guard !changes.isEmpty else { return before }
        for command in changes.commands { try await say(command, current, old, layout) }
        for command in changes.gone { try await say(command, current, old, layout) }
        for server in changes.deletions { await delete(server, current, layout) }
        return try await read(layout).state
    }

    private func say(_ command: ServerCommand, _ current: Int32, _ old: [Int32], _ layout: Layout) async throws {
        let answer = try await ask(layout.masterSocket, "@!\(current) \(command.text)")
        guard command.accepts(answer) else {
            throw DriverError(
                .failed, operation: command.text, subject: layout.folder,
                String(answer.split(separator: "\n").joined(separator: " ").prefix(200)).escapingControls)
        }
        // A worker that finishes up still has keep-alive clients: it must leave a draining server just the same.
        for worker in old.prefix(16) where command.reachesOld {
            _ = try? await ask(layout.masterSocket, "@!\(worker) \(command.text)")
        }
    }

    /// Deletes a server that is in maintenance. HAProxy refuses while a connection hangs on it; they were cut, so that
    /// takes some milliseconds. If it takes longer, the server stays in maintenance and the next `apply` tries again.
    private func delete(_ server: String, _ current: Int32, _ layout: Layout) async {
        for _ in 0..<50 {
            guard let answer = try? await ask(layout.masterSocket, "@!\(current) del server \(server)") else { return }
            if answer.contains("deleted") || answer.contains("No such server") { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
