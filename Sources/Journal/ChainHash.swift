internal import Crypto
internal import Foundation

/// The hash that binds an event to all the events before it.
///
/// `hash = SHA-256(previous hash ‖ encoding)`, the previous hash of the first event being 32 zero bytes. In the
/// encoding each field stands behind its length (8 bytes, big-endian), so that no two different events have the same
/// bytes: `curfew-journal-1`, sequence and time as 8-byte big-endian integers, kind, workload, revision (each of these
/// two behind a byte that says whether it is there), message, details as the stored JSON text. Anyone can compute it
/// again with `sqlite3` and a SHA-256.
enum ChainHash {
    /// The hash before the first event.
    static let beginning = Data(count: 32)

    /// The fields of an event as their stored bytes.
    struct Fields {
        var sequence: Int64
        var at: Int64
        var kind: Data
        var workload: Data?
        var revision: Data?
        var message: Data
        var details: Data
    }

    /// The hash of the event with these fields, 32 bytes.
    static func hash(_ fields: Fields, after previous: Data) -> Data {
        var bytes = Data(capacity: 256 + fields.message.count + fields.details.count)
        bytes.append(previous)
        bytes.appendField(Data("curfew-journal-1".utf8))
        bytes.appendInteger(fields.sequence)
        bytes.appendInteger(fields.at)
        bytes.appendField(fields.kind)
        bytes.appendOptional(fields.workload)
        bytes.appendOptional(fields.revision)
        bytes.appendField(fields.message)
        bytes.appendField(fields.details)
        return Data(SHA256.hash(data: bytes))
    }
}

extension Data {
    /// Lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(count * 2)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    fileprivate mutating func appendInteger(_ value: Int64) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func appendField(_ field: Data) {
        appendInteger(Int64(field.count))
        append(field)
    }

    fileprivate mutating func appendOptional(_ field: Data?) {
        append(field == nil ? 0 : 1)
        if let field { appendField(field) }
    }
}
