import Foundation
import Glibc
import NIOCore

/// One try of a service to have something run on a node. A task is never started again: another one follows it.
public struct SwarmTask: Decodable, Sendable {
    /// Its id.
    public var ID: String
    /// The service's.
    public var ServiceID: String?
    /// The node's; empty until there is one.
    public var NodeID: String?
    /// RFC 3339, by a manager's clock.
    public var CreatedAt: String?
    /// RFC 3339, by a manager's clock.
    public var UpdatedAt: String?
    /// What it is doing.
    public var Status: Status
    /// What the swarm wants it to do, in the words of ``Status/State``.
    public var DesiredState: String?

    /// What a task is doing.
    public struct Status: Decodable, Sendable, Hashable {
        /// `new`, `pending`, `assigned`, `accepted`, `preparing`, `ready`, `starting`, `running`, `complete`, `failed`,
        /// `shutdown`, `rejected`, `orphaned`, `remove`.
        public var State: String
        /// RFC 3339, by the node's clock.
        public var Timestamp: String?
        /// Why it cannot go on.
        public var Err: String?
        /// Its container.
        public var ContainerStatus: Container?
        /// Its ports on the node.
        public var PortStatus: Ports?
    }
    /// Its container.
    public struct Container: Decodable, Sendable, Hashable {
        /// 64 hexadecimal digits.
        public var ContainerID: String?
        /// Of its end.
        public var ExitCode: Int?
    }
    /// Its ports on the node.
    public struct Ports: Decodable, Sendable, Hashable {
        /// Each may stand there once for every protocol of the internet.
        public var Ports: [ServiceSpec.Port]?
    }

    /// A time of the engine's (`2026-11-23T08:15:42.123456789Z`) as milliseconds since 1970; `nil` when it is none.
    public static func milliseconds(_ text: String?) -> Int64? {
        guard let text, text.utf8.count <= 40 else { return nil }
        let digits = text.split { !$0.isASCII || !$0.isNumber }.map(String.init)
        guard text.hasSuffix("Z"), digits.count == 6 || digits.count == 7 else { return nil }
        let numbers = digits.prefix(6).compactMap { Int32($0) }
        // An engine may say anything: what is no time of day is none, and no figure overflows.
        guard numbers.count == 6, (1...9999).contains(numbers[0]), (1...12).contains(numbers[1]), (1...31).contains(numbers[2]),
            (0...23).contains(numbers[3]), (0...59).contains(numbers[4]), (0...60).contains(numbers[5])
        else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (time.tm_hour, time.tm_min, time.tm_sec) = (numbers[3], numbers[4], numbers[5])
        let part = digits.count == 7 ? Int64((digits[6] + "000").prefix(3)) ?? 0 : 0
        return Int64(timegm(&time)) * 1000 + part
    }
}

extension DockerClient {
    /// Tasks of services that have these labels; of services that were removed too, until their tasks have ended.
    public func tasks(labels: [String]) async throws -> [SwarmTask] {
        try await fetch(.GET, "/tasks", [("filters", try Self.filters(["label": labels]))])
    }
}
