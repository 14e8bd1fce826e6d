import CurfewModel

/// How many attempts each account has: to be reported, so that somebody who knocks all day fills neither the disk nor anybody's
/// eyes and hides nobody else's attempt; or to be made at all.
struct AttemptLimiter: Sendable {
    private struct Bucket {
        var left: Double
        var at: Instant
        var untold = 0
    }
    /// At once, and one more every so often.
    let burst: Double
    let every: Span
    private static let accounts = 256
    private var buckets: [UInt32: Bucket] = [:]

    init(burst: Double = 10, every: Span = .seconds(6)) { (self.burst, self.every) = (burst, every) }

    /// Takes the last attempt back.
    mutating func giveBack(_ account: UInt32) {
        guard let left = buckets[account]?.left else { return }
        buckets[account]?.left = min(burst, left + 1)
    }

    /// Whether this attempt is told; then how many were not since the last one that was.
    mutating func take(_ account: UInt32, now: Instant) -> Int? {
        if buckets.count >= Self.accounts, buckets[account] == nil {
            // Whoever has been quiet for longest is forgotten; what was not told of them is lost.
            if let oldest = buckets.min(by: { $0.value.at < $1.value.at })?.key { buckets[oldest] = nil }
        }
        var bucket = buckets[account] ?? Bucket(left: burst, at: now)
        let passed = Double(max(0, (now - bucket.at).milliseconds))
        bucket.left = min(burst, bucket.left + passed / Double(max(1, every.milliseconds)))
        bucket.at = now
        defer { buckets[account] = bucket }
        guard bucket.left >= 1 else {
            bucket.untold += 1
            return nil
        }
        defer { bucket.untold = 0 }
        bucket.left -= 1
        return bucket.untold
    }
}
