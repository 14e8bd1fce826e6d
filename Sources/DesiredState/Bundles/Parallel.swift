internal import Dispatch
internal import Synchronization

/// Work on the two or more cores of a machine, on the caller's own thread and Dispatch's workers; returns when all is done.
enum Parallel {
    static func map<Item: Sendable, State, Output: Sendable>(
        _ items: [Item], state: @Sendable () -> State, _ body: @Sendable (Item, State) -> Output
    ) -> [Output] {
        // Below this the threads cost more than they bring.
        guard items.count >= 64 else {
            let state = state()
            return items.map { body($0, state) }
        }
        let size = (items.count + 1) / 2
        let halves = Mutex<[Int: [Output]]>([:])
        DispatchQueue.concurrentPerform(iterations: 2) { half in
            let state = state()
            let output = items[(half * size)..<min(items.count, (half + 1) * size)].map { body($0, state) }
            halves.withLock { $0[half] = output }
        }
        return halves.withLock { ($0[0] ?? []) + ($0[1] ?? []) }
    }
}
