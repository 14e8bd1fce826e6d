import Dispatch
import Synchronization

/// A few private threads for work that blocks: file walks, forks, unpacking. The cooperative pool has as many threads
/// as the machine has cores, and two blocked ones would freeze everything.
final class Lanes: Sendable {
    private let queues: [DispatchQueue]
    private let turn = Atomic<Int>(0)

    /// Makes `count` lanes.
    init(_ label: String, count: Int) {
        queues = (0..<max(1, count)).map { DispatchQueue(label: "\(label).\($0)") }
    }

    /// Runs `body` on the next lane and gives back what it returned or threw.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let number = turn.add(1, ordering: .relaxed).oldValue & Int.max
        let queue = queues[number % queues.count]
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
