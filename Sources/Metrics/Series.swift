internal import CoreMetrics
internal import Synchronization

/// One counter with one set of label values. Recording is one atomic addition.
final class CounterSeries: CounterHandler, Sendable {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) {
        // A counter never goes back, and saturates rather than trap.
        guard amount > 0, value <= .max - amount else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// One gauge with one set of label values.
final class GaugeSeries: MeterHandler, Sendable {
    private let number = Mutex<Double?>(nil)

    /// `nil` until it was set: nothing is shown that nobody has measured.
    var value: Double? { number.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func increment(by amount: Double) { number.withLock { $0 = ($0 ?? 0) + amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
}

/// One histogram with one set of label values.
final class HistogramSeries: RecorderHandler, TimerHandler, Sendable {
    struct Content: Sendable {
        /// By bucket, not cumulative; the last one is `+Inf`.
        var counts: [UInt64]
        var sum = 0.0
    }
    let bounds: [Double]
    private let content: Mutex<Content>

    init(bounds: [Double]) {
        self.bounds = bounds
        content = Mutex(Content(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    var value: Content { content.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // A sum that is no number once would be none for ever.
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        content.withLock {
            $0.counts[bucket] &+= 1
            $0.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
