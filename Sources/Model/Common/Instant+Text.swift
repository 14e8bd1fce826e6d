extension Instant {
    /// `2026-11-23 08:15:42Z`: whole seconds, for people.
    public var text: String { text(separator: " ") }

    /// `2026-11-23T08:15:42Z` (RFC 3339), for files.
    public var timestamp: String { text(separator: "T") }

    private func text(separator: String) -> String {
        func floor(_ value: Int64, _ size: Int64) -> (Int64, Int64) {
            let (quotient, rest) = value.quotientAndRemainder(dividingBy: size)
            return rest < 0 ? (quotient - 1, rest + size) : (quotient, rest)
        }
        func padded(_ number: Int64, _ width: Int = 2) -> String {
            let digits = "\(number.magnitude)"
            return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let (day, second) = floor(floor(milliseconds, 1000).0, 86_400)
        // Days are counted in eras of 400 years that begin on 1 March, so that the leap day comes last.
        let (era, dayOfEra) = floor(day + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month))-\(padded(dayOfYear - (153 * shifted + 2) / 5 + 1))"
        return "\(date)\(separator)\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))Z"
    }
}
