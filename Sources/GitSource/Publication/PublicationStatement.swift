public import CurfewModel
import Crypto
import Foundation

/// What Curfew puts on a reference of its own for others to take.
public struct Publication: Sendable, Hashable {
    /// What it is for, and for whom.
    public var purpose: PublicationStatement.Purpose
    /// From then on nobody takes it.
    public var end: Instant
    /// Small files, by plain names of `a-z`, `0-9`, `-` and `.`.
    public var files: [String: [UInt8]]

    /// Makes a publication.
    public init(purpose: PublicationStatement.Purpose, end: Instant, files: [String: [UInt8]]) {
        (self.purpose, self.end, self.files) = (purpose, end, files)
    }
}

/// What Curfew signs when it publishes, in one form alone: every field decides whether a reader takes it.
public struct PublicationStatement: Sendable, Hashable {
    /// What it is for. Nothing that is for one thing can be shown as another.
    public enum Purpose: Sendable, Hashable {
        /// For the hosts of an access backend.
        case hosts(backend: Name)
        /// What a grant, by the blob of its file, gives a person.
        case credentials(grant: Name, blob: ObjectID, person: Name)
    }
    /// A file, by what is in it.
    public struct File: Sendable, Hashable {
        var name: String
        var size: Int
        var digest: String
    }
    /// Of whoever signs for something else no signature counts here, and the other way round.
    public static let namespace = "curfew-publication-v1@curfew"
    static let file = "publication"
    static let signatureFile = "publication.sig"
    static let mostFiles = 64

    /// The repository: the commit that the service pins as `trust.root`.
    public var root: ObjectID
    public var purpose: Purpose
    /// Grows with everything that this Curfew publishes.
    public var sequence: Int64
    public var end: Instant
    /// By name, in the order of their bytes.
    public var files: [File]

    /// States a publication.
    public init(_ publication: Publication, root: ObjectID, sequence: Int64) {
        (self.root, purpose, self.sequence, end) = (root, publication.purpose, sequence, publication.end)
        files = publication.files.sorted { $0.key < $1.key }.map {
            File(name: $0.key, size: $0.value.count, digest: Self.digest($0.value))
        }
    }

    /// SHA-256 in hexadecimal digits.
    public static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }.joined()
    }

    /// Whether a file may be called so.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 128, name != file, name != signatureFile else { return false }
        func isPlain(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        return isPlain(first) && name.utf8.allSatisfy { isPlain($0) || $0 == 0x2D || $0 == 0x2E }
    }

    /// What is signed.
    public var text: String {
        var lines = ["curfew-publication-v1", "repository \(root.hex)"]
        switch purpose {
        case .hosts(let backend): lines += ["purpose hosts", "backend \(backend)"]
        case .credentials(let grant, let blob, let person):
            lines += ["purpose credentials", "grant \(grant)", "blob \(blob.hex)", "person \(person)"]
        }
        lines += ["sequence \(sequence)", "end \(end.milliseconds)"]
        lines += files.map { "file \($0.digest) \($0.size) \($0.name)" }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Reads what ``text`` writes; `nil` for anything else, were it one byte.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count <= 64 << 10, let whole = String(bytes: bytes, encoding: .utf8) else { return nil }
        var rest = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        func value(_ key: String) -> String? {
            guard let line = rest.first, line.hasPrefix(key + " ") else { return nil }
            rest = rest.dropFirst()
            return String(line.dropFirst(key.utf8.count + 1))
        }
        guard rest.popFirst() == "curfew-publication-v1", let root = value("repository").flatMap({ ObjectID($0) }) else {
            return nil
        }
        switch value("purpose") {
        case "hosts":
            guard let backend = value("backend").flatMap({ Name($0) }) else { return nil }
            purpose = .hosts(backend: backend)
        case "credentials":
            guard let grant = value("grant").flatMap({ Name($0) }), let blob = value("blob").flatMap({ ObjectID($0) }),
                let person = value("person").flatMap({ Name($0) })
            else { return nil }
            purpose = .credentials(grant: grant, blob: blob, person: person)
        default: return nil
        }
        guard let sequence = value("sequence").flatMap({ Int64($0) }), sequence > 0,
            let end = value("end").flatMap({ Int64($0) })
        else { return nil }
        (self.root, self.sequence, self.end, files) = (root, sequence, Instant(milliseconds: end), [])
        while let line = value("file") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 3, files.count < Self.mostFiles, let size = Int(words[1]), size >= 0, Self.isName(words[2])
            else { return nil }
            files.append(File(name: words[2], size: size, digest: words[0]))
        }
        // Whatever is not exactly what would be written for these values, an order or a zero in front too, is refused.
        guard text.utf8.elementsEqual(bytes), Set(files.map(\.name)).count == files.count else { return nil }
    }
}
