import CurfewModel
import Foundation

/// An SSH signature as `ssh-keygen -Y sign` writes it, read so far that the key in it is known. Whether it is good is for
/// OpenSSH to say.
struct SSHSignature {
    static let begin = "-----BEGIN SSH SIGNATURE-----"
    static let end = "-----END SSH SIGNATURE-----"
    /// The key that claims to have signed.
    let key: SSHPublicKey
    /// What the signature is meant for.
    let namespace: String

    /// Reads an armoured signature of at most 16 KiB; `nil` when it is none.
    init?(_ armoured: String) {
        let lines = armoured.split(whereSeparator: \.isNewline).map(String.init)
        guard armoured.utf8.count <= 16_384, lines.count > 2, lines.first == Self.begin, lines.last == Self.end,
            let data = Data(base64Encoded: lines.dropFirst().dropLast().joined())
        else { return nil }
        var rest = data[...]
        guard rest.prefix(6).elementsEqual("SSHSIG".utf8) else { return nil }
        rest = rest.dropFirst(6)
        guard let version = Self.number(&rest), version == 1, let body = Self.field(&rest), let space = Self.field(&rest) else {
            return nil
        }
        var inner = body[...]
        guard let type = Self.field(&inner),
            let key = SSHPublicKey(type: String(decoding: type, as: UTF8.self), body: Data(body).base64EncodedString())
        else { return nil }
        (self.key, namespace) = (key, String(decoding: space, as: UTF8.self))
    }

    private static func number(_ rest: inout Data.SubSequence) -> Int? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func field(_ rest: inout Data.SubSequence) -> Data.SubSequence? {
        guard let length = number(&rest), length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length)
    }
}
