import CurfewModel

/// Compares what a role gives now with what it gave before. What is not known to be the same or more counts as less.
enum BindScope {
    /// Settings without which a backend gives more: each narrows what the others give.
    private static let limits: Set<String> = ["commands", "connectionLimit", "forceCommand", "sourceAddresses", "timeout"]
    /// What stands for a setting that is left out.
    private static let defaults: [String: Setting] = [
        "pty": .bool(true), "noPassword": .bool(true), "agentForwarding": .bool(false), "portForwarding": .bool(false),
        "x11Forwarding": .bool(false), "recordInput": .bool(false), "runAs": .text("root"),
    ]

    /// Whether everything that `given` gave is still given by one of `now`.
    static func covers(_ now: [Bind], _ given: Bind) -> Bool {
        now.contains { bind in
            bind.backend == given.backend
                && Set(bind.with.keys).union(given.with.keys).allSatisfy { covers($0, bind.with[$0], given.with[$0]) }
        }
    }

    private static func covers(_ key: String, _ now: Setting?, _ given: Setting?) -> Bool {
        if now == given { return true }
        switch (now ?? defaults[key], given ?? defaults[key]) {
        case (nil, _?): return limits.contains(key)
        case (_?, nil), (nil, nil): return false
        case (let now?, let given?): return covers(key, now, given)
        }
    }

    private static func covers(_ key: String, _ now: Setting, _ given: Setting) -> Bool {
        switch (now, given) {
        case (.bool(let now), .bool(let given)): return now || !given
        case (.integer(let now), .integer(let given)): return now >= given
        case (.list(let now), .list(let given)):
            return Set(given).isSubset(of: now) || (key == "commands" && now == [.text("ALL")])
        case (.list(let now), .text): return now.contains(given)
        case (.text, .list(let given)): return given.allSatisfy { $0 == now }
        case (.text(let later), .text(let earlier)) where key == "timeout":
            guard let later = seconds(later), let earlier = seconds(earlier) else { return now == given }
            return later >= earlier
        default: return now == given
        }
    }

    /// `1h30m`, `45s`, `90`: in seconds; `nil` for anything else.
    private static func seconds(_ text: String) -> Int64? {
        var (sum, digits): (Int64, Int64?) = (0, nil)
        func scaled(_ value: Int64?, _ unit: Int64) -> Int64? {
            guard let value, value <= 1 << 40 else { return nil }
            return value * unit
        }
        for byte in text.utf8 {
            if (48...57).contains(byte) {
                guard digits ?? 0 <= 1 << 40 else { return nil }
                digits = (digits ?? 0) * 10 + Int64(byte - 48)
                continue
            }
            let units: [UInt8: Int64] = [115: 1, 109: 60, 104: 3600, 100: 86_400]
            guard let unit = units[byte], let part = scaled(digits, unit) else { return nil }
            (sum, digits) = (sum &+ part, nil)
        }
        guard let digits else { return sum }
        return sum &+ digits
    }
}
