/// Ends processes with everything below them: politely, then for good.
enum Cutter {
    static let patience = Duration.seconds(2)

    /// Those that are still there at the end: at most 2 s after SIGTERM, and 1 s after SIGKILL.
    /// Runs where its caller does: `/proc` is read on the backend's own queue.
    static func end(_ roots: [ProcessMark], isolation: isolated (any Actor)? = #isolation) async -> [ProcessMark] {
        var members = Set(roots)
        grow(&members)
        for mark in members { ProcessTable.signal(mark, 15) }
        if await wait(for: &members, atMost: patience, { _ in }) { return [] }
        // Whoever was born meanwhile too.
        _ = await wait(for: &members, atMost: .seconds(1)) { ProcessTable.signal($0, 9) }
        return members.filter { ProcessTable.isAlive($0) }
    }

    /// Looks every 10 ms, and treats each that is alive with `body`; whether all have gone.
    private static func wait(
        for members: inout Set<ProcessMark>, atMost limit: Duration, isolation: isolated (any Actor)? = #isolation,
        _ body: (ProcessMark) -> Void
    ) async -> Bool {
        let end = ContinuousClock.now + limit
        while true {
            grow(&members)
            let alive = members.filter { ProcessTable.isAlive($0) }
            if alive.isEmpty { return true }
            alive.forEach(body)
            if ContinuousClock.now >= end { return false }
            // Nobody's cancellation shortens a revocation, nor makes it spin.
            await Task { try? await Task.sleep(for: .milliseconds(10)) }.value
        }
    }

    /// Adds everything below those that are there.
    private static func grow(_ members: inout Set<ProcessMark>) {
        let table = ProcessTable.all()
        var children: [Int32: [ProcessMark]] = [:]
        for entry in table.values where !entry.isDead { children[entry.parent, default: []].append(entry.mark) }
        var rest = members.filter { table[$0.pid]?.mark == $0 }
        while let next = rest.popFirst() {
            for child in children[next.pid] ?? [] where members.insert(child).inserted { rest.insert(child) }
        }
    }
}
