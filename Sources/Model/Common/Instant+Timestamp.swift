extension Instant {
    /// A moment as RFC 3339 writes it, in UTF-8: `2026-11-23T18:00:00Z`, `2026-11-23T19:00:00.250+01:00`. Years 1970 to
    /// 9999, at most milliseconds, no leap second; `nil` for everything else.
    public init?(timestamp text: some Collection<UInt8>) {
        var rest = text[...]
        func number(_ digits: Int) -> Int? {
            guard rest.count >= digits else { return nil }
            var value = 0
            for byte in rest.prefix(digits) {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte) - 0x30
            }
            rest = rest.dropFirst(digits)
            return value
        }
        func take(_ letter: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: letter) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2), take("T"),
            let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
            var moment = Instant(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        if take(".") {
            let digits = rest.prefix { (0x30...0x39).contains($0) }.count
            guard (1...3).contains(digits), let fraction = number(digits) else { return nil }
            moment.milliseconds += Int64(fraction * [100, 10, 1][digits - 1])
        }
        if !take("Z") {
            let isEast = take("+")
            guard isEast || take("-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
            else { return nil }
            let offset = Int64(hours * 60 + minutes) * 60_000
            moment.milliseconds += isEast ? -offset : offset
        }
        guard rest.isEmpty, moment.milliseconds >= 0 else { return nil }
        self = moment
    }

    /// The same of a text.
    public init?(timestamp text: String) { self.init(timestamp: text.utf8) }
}
