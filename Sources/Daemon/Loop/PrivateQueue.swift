public import CurfewModel
import Dispatch
import Glibc

/// Runs blocking work on a thread of its own: two blocking calls on the cooperative pool would freeze a two-core machine.
struct PrivateQueue: Sendable {
    private let queue: DispatchQueue

    init(_ label: String) { queue = DispatchQueue(label: "curfew.\(label)") }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}

/// The wall clock. The only place that reads it; everything below gets the time handed in.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Instant

    /// The system's clock.
    public static let system = WallClock {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Instant(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }

    /// A clock that asks `read`.
    public init(_ read: @escaping @Sendable () -> Instant) { self.read = read }

    /// Now.
    public var now: Instant { read() }
}
