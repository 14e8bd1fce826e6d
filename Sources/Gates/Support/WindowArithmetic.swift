import CurfewModel
import Foundation

extension TimeWindow {
    private var calendar: Calendar? {
        guard let zone = TimeZone(identifier: zone) else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        return calendar
    }

    /// Whether it is open at a moment. A zone that is not known is never open.
    func isOpen(at now: Instant) -> Bool {
        guard let calendar else { return false }
        let date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        let parts = calendar.dateComponents([.weekday, .hour, .minute], from: date)
        let minute = (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
        let today = Self.day(parts.weekday ?? 1)
        if from < to { return days.contains(today) && (from..<to).contains(minute) }
        // It closes on the next day.
        return (days.contains(today) && minute >= from) || (days.contains(Self.before(today)) && minute < to)
    }

    /// The next moment at which it is open, within nine days; minute by minute would be slow, so by the edges of days.
    func opens(after now: Instant) -> Instant? {
        guard let calendar else { return nil }
        let date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        let start = calendar.startOfDay(for: date)
        var best: Instant?
        for offset in -1...8 {
            guard let day = calendar.date(byAdding: .day, value: offset, to: start) else { continue }
            guard days.contains(Self.day(calendar.component(.weekday, from: day))),
                let edge = calendar.date(bySettingHour: from / 60, minute: from % 60, second: 0, of: day)
            else { continue }
            let moment = Instant(milliseconds: Int64(edge.timeIntervalSince1970 * 1000))
            if moment > now, best.map({ moment < $0 }) ?? true { best = moment }
        }
        return best
    }

    /// Calendar counts from Sunday = 1.
    private static func day(_ weekday: Int) -> Day { [.sun, .mon, .tue, .wed, .thu, .fri, .sat][(weekday - 1) % 7] }
    private static func before(_ day: Day) -> Day {
        let order = Day.allCases
        let index = order.firstIndex(of: day) ?? 0
        return order[(index + 6) % 7]
    }
}
