import Crypto
import CurfewModel
import Foundation

/// What an instance was made from, written once beside it and never changed: all that is known about it after a restart.
struct InstanceRecord: Codable, Sendable, Hashable {
    /// A folder of the store as it was when the instance was started.
    struct StoreEntry: Codable, Sendable, Hashable {
        /// Its name in the store.
        var key: String
        /// Which folder it was; a fresh one under the same name is another.
        var identity: FileIdentity
    }
    var version = 1
    var id: InstanceID
    var workload: Name
    var generation: Generation
    var parts: GenerationParts
    var revision: ObjectID?
    var createdAt: Instant
    var health: HealthCheck?
    /// The loopback port given to each of the workload's ports.
    var ports: [Name: Int]
    /// The whole environment, placeholders replaced.
    var environment: [String: String]
    var command: [String]
    var mounts: [Mount]
    var resources: Resources
    /// The artifact; `nil` for none.
    var artifact: StoreEntry?
    /// The `/etc` of the sandbox.
    var hostFiles: StoreEntry

    /// Where each port is reached.
    var endpoints: [Name: Endpoint] { ports.mapValues { Endpoint(host: "127.0.0.1", port: $0) } }

    /// The file's bytes: SHA-256 of the JSON in hexadecimal digits, a newline, the JSON.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(self)
        return Array((Self.digest(of: json) + "\n").utf8) + json
    }

    /// Reads what ``encoded()`` wrote. `intact` is false when the JSON is not the one that was written.
    static func decoded(_ bytes: [UInt8]) throws -> (record: InstanceRecord, intact: Bool) {
        guard let end = bytes.firstIndex(of: 10) else { throw CocoaError(.fileReadCorruptFile) }
        let json = Data(bytes[(end + 1)...])
        let record = try JSONDecoder().decode(InstanceRecord.self, from: json)
        return (record, Array(digest(of: json).utf8) == Array(bytes[..<end]))
    }

    private static func digest(of data: Data) -> String { SHA256.hash(data: data).hexadecimal }
}

extension Sequence where Element == UInt8 {
    /// Two lower-case digits for each byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return reduce(into: "") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }
}
