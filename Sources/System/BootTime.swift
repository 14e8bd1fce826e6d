import Glibc

/// A time of the machine's uptime. Unlike the wall clock it cannot be set, so that "began after" stays true.
public struct BootTime: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The kernel's id of this boot; `unknown` where it tells none.
    public var boot: String
    /// Clock ticks since the boot, the unit of start times in `/proc/PID/stat`.
    public var ticks: UInt64

    /// Makes a time.
    public init(boot: String, ticks: UInt64) { (self.boot, self.ticks) = (boot, ticks) }

    /// Reads what ``description`` wrote.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isBoot(parts[0]), let ticks = UInt64(parts[1]) else { return nil }
        self.init(boot: String(parts[0]), ticks: ticks)
    }

    public var description: String { "\(boot)/\(ticks)" }

    /// Ticks in a second.
    public static var perSecond: UInt64 { UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))) }

    /// This time, rounded down to a tick.
    public static func now() -> BootTime {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        let ticks = UInt64(time.tv_sec) * perSecond + UInt64(time.tv_nsec) * perSecond / 1_000_000_000
        let text = PlainFile.kernel("/proc/sys/kernel/random/boot_id", limit: 64).map { String(decoding: $0, as: UTF8.self) }
        let boot = text?.split(separator: "\n").first.flatMap { isBoot($0) ? String($0) : nil }
        return BootTime(boot: boot ?? "unknown", ticks: ticks)
    }

    /// Whether something that began at `ticks` of the boot `current` began at this time or later.
    public func isBefore(_ ticks: UInt64, of current: String) -> Bool { boot != current || self.ticks <= ticks }

    private static func isBoot(_ text: Substring) -> Bool {
        text == "unknown"
            || (text.utf8.count == 36
                && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
    }
}
