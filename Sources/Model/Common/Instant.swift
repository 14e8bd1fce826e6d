/// A moment of the wall clock in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Model has no clock: moments come in from the caller. Millisecond integers compare, encode and print the same
/// everywhere, which floating-point dates do not.
public struct Instant: Hashable, Comparable, Sendable, Codable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before.
    public var milliseconds: Int64

    /// A moment `milliseconds` after 1970-01-01T00:00:00Z.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

    /// `seconds` may be negative; the sum saturates instead of overflowing.
    public static func + (left: Instant, right: Span) -> Instant {
        let (sum, overflow) = left.milliseconds.addingReportingOverflow(right.milliseconds)
        return Instant(milliseconds: overflow ? (right.milliseconds < 0 ? .min : .max) : sum)
    }

    /// The time from `right` to `left`; negative when `left` is earlier.
    public static func - (left: Instant, right: Instant) -> Span {
        let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
        return Span(milliseconds: overflow ? (left < right ? .min : .max) : difference)
    }

    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

/// A length of time in whole milliseconds.
public struct Span: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// Length in milliseconds; may be negative for differences.
    public var milliseconds: Int64

    /// A length of `milliseconds`.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// A length of whole seconds.
    public static func seconds(_ seconds: Int64) -> Span {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return Span(milliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds)
    }

    /// A length of milliseconds.
    public static func milliseconds(_ milliseconds: Int64) -> Span { Span(milliseconds: milliseconds) }

    /// No time at all.
    public static let zero = Span(milliseconds: 0)

    /// The same length for Swift's clocks.
    public var duration: Duration { .milliseconds(milliseconds) }

    public static func < (left: Span, right: Span) -> Bool { left.milliseconds < right.milliseconds }

    /// As written in manifests: `1h30m`, `45s`, `250ms`, `0s`.
    public var description: String {
        if milliseconds == 0 { return "0s" }
        var rest = milliseconds.magnitude
        var text = milliseconds < 0 ? "-" : ""
        for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] as [(String, UInt64)] where rest >= size {
            text += "\(rest / size)\(unit)"
            rest %= size
        }
        return text
    }

    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}
