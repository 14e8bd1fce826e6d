/// A public key as OpenSSH writes it: a type and a base64 body.
///
/// Keys come from repositories and signatures. A value of this type is safe in an allowed_signers line, an
/// authorized_keys line and an argument vector: it holds letters, digits and `+/=-@.` only and starts with a letter.
public struct SSHPublicKey: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, `sk-ssh-ed25519@openssh.com`, `ssh-rsa`…
    public let type: String
    /// The body in base64, at most 4096 characters.
    public let body: String

    /// Types that OpenSSH 9 takes for signatures and logins. DSA is not among them.
    public static let types: Set<String> = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ]

    /// Reads `type body [comment]`; `nil` when the type is unknown, or the body is no base64 or too long.
    public init?(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
        guard words.count >= 2, !line.utf8.contains(10), !line.utf8.contains(13) else { return nil }
        self.init(type: String(words[0]), body: String(words[1]))
    }

    /// `nil` when the type is unknown, or the body is no base64 or too long.
    public init?(type: String, body: String) {
        guard Self.types.contains(type), (16...4096).contains(body.utf8.count), body.utf8.count.isMultiple(of: 4) else {
            return nil
        }
        var padding = 0
        for byte in body.utf8 {
            switch byte {
            case UInt8(ascii: "="): padding += 1
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                if padding > 0 { return nil }
            default: return nil
            }
        }
        guard padding <= 2 else { return nil }
        (self.type, self.body) = (type, body)
    }

    /// `type body`, without a comment.
    public var line: String { "\(type) \(body)" }
    public var description: String { line }

    public static func < (left: SSHPublicKey, right: SSHPublicKey) -> Bool { left.line < right.line }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = SSHPublicKey(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a public SSH key")
        }
        self = key
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(line)
    }
}
