import Glibc

/// A moment of the machine's uptime. Unlike the wall clock it cannot be set, so that "began after" stays true.
struct BootMoment: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The kernel's id of this boot; `unknown` where it tells none.
    var boot: String
    /// Clock ticks since the boot, the unit of start times in `/proc/PID/stat`.
    var ticks: UInt64

    init(boot: String, ticks: UInt64) { (self.boot, self.ticks) = (boot, ticks) }

    /// Reads what ``description`` wrote.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isBoot(parts[0]), let ticks = UInt64(parts[1]) else { return nil }
        self.init(boot: String(parts[0]), ticks: ticks)
    }

    var description: String { "\(boot)/\(ticks)" }

    /// This moment, rounded down to a tick.
    static func now() -> BootMoment {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        let perSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        let ticks = UInt64(time.tv_sec) * perSecond + UInt64(time.tv_nsec) * perSecond / 1_000_000_000
        let text = Files.system("/proc/sys/kernel/random/boot_id", limit: 64).map { String(decoding: $0, as: UTF8.self) }
        let boot = text?.split(separator: "\n").first.flatMap { isBoot($0) ? String($0) : nil }
        return BootMoment(boot: boot ?? "unknown", ticks: ticks)
    }

    /// Whether something that began at `ticks` of the boot `current` began at this moment or later.
    func isBefore(_ ticks: UInt64, of current: String) -> Bool { boot != current || self.ticks <= ticks }

    private static func isBoot(_ text: Substring) -> Bool {
        text == "unknown"
            || (text.utf8.count == 36 && text.utf8.allSatisfy { $0.isLowerLetter || $0.isDigit || $0 == UInt8(ascii: "-") })
    }
}
