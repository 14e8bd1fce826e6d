internal import CurfewModel

/// Moments as RFC 3339 writes them.
enum Timestamp {
    static let pattern =
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})$"

    /// `2026-11-23T18:00:00Z`, `2026-11-23T19:00:00.250+01:00`: years 1970 to 9999, at most milliseconds, no leap second.
    static func instant(_ text: UnsafeBufferPointer<UInt8>) -> Instant? {
        Instant(timestamp: text)
    }

    /// The same back; whole seconds are written without a fraction.
    static func text(_ moment: Instant) -> String {
        let part = ((moment.milliseconds % 1000) + 1000) % 1000
        guard part != 0 else { return moment.timestamp }
        let digits = "\(part)"
        return moment.timestamp.dropLast() + "." + String(repeating: "0", count: 3 - digits.utf8.count) + digits + "Z"
    }
}
