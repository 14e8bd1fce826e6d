import CurfewDockerAPI
import CurfewModel
import Foundation

extension ContainerSummary {
    /// Whether two lines of lists say the same, but for the words that count the seconds.
    func isAs(_ other: ContainerSummary) -> Bool {
        var (left, right) = (self, other)
        (left.Status, right.Status) = (nil, nil)
        return left == right
    }

    /// What the engine's own check says, from words such as `Up 2 minutes (healthy)`.
    var health: Health? {
        guard let status = Status else { return nil }
        if status.hasSuffix("(healthy)") { return .healthy }
        if status.hasSuffix("(unhealthy)") { return .unhealthy("the image's own check fails") }
        return .unknown
    }
}

extension ContainerRequest {
    init(encoded: Data) throws { self = try JSONDecoder().decode(ContainerRequest.self, from: encoded) }
}

extension DockerRuntime {
    /// An id for a container that is not ours, which may wear the id of one that is.
    static func foreignID(_ container: String) -> InstanceID {
        let digits = container.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(24)
        return InstanceID("foreign-\(digits)") ?? InstanceID("foreign-0") ?? { preconditionFailure("a plain id") }()
    }

    /// A health check as it stands in the events of its runs.
    static func words(of check: ContainerConfig.Healthcheck?) -> String? {
        guard let test = check?.Test, let kind = test.first else { return nil }
        switch kind {
        case "CMD": return test.dropFirst().joined(separator: " ")
        case "CMD-SHELL": return "/bin/sh -c \(test.dropFirst().joined(separator: " "))"
        default: return nil
        }
    }
}

/// The time of this machine, for marks and for asking the engine's history.
func wallClock() -> Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
