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

/// A commit's bytes taken apart: what was signed, and the signature.
struct SignedObject {
    /// What the signature was made of.
    var payload: [UInt8]
    /// The armoured signature, `nil` when there is none.
    var signature: String?
    /// Why nothing in it may be believed.
    var problem: String?

    /// A commit: the header `gpgsig` is taken out of the bytes, as git does.
    init(commit bytes: [UInt8]) {
        let headerEnd = Self.find([10, 10], in: bytes) ?? bytes.count
        var payload: [UInt8] = []
        var signature: [UInt8]?
        var found = 0
        var isInside = false
        for line in bytes[..<headerEnd].split(separator: 10, omittingEmptySubsequences: false) {
            if isInside, line.first == 0x20 {
                signature?.append(contentsOf: line.dropFirst())
                signature?.append(10)
                continue
            }
            isInside = false
            if line.starts(with: "gpgsig ".utf8) || line.starts(with: "gpgsig-sha256 ".utf8) {
                found += 1
                isInside = true
                signature = Array(line.dropFirst("gpgsig ".utf8.count)) + [10]
                continue
            }
            payload.append(contentsOf: line)
            payload.append(10)
        }
        // The header's last line break is part of the two that end it.
        payload.append(contentsOf: bytes[min(headerEnd + 1, bytes.count)...])
        self.payload = payload
        self.signature = signature.map { String(decoding: $0, as: UTF8.self) }
        if bytes[..<headerEnd].contains(0) { problem = "there is a NUL in its header" }
        if found > 1 { problem = "it has \(found) signatures; one is allowed" }
    }

    /// An annotated tag: the signature stands at the end of the message.
    init(tag bytes: [UInt8]) {
        let marker = Array(("\n" + SSHSignature.begin).utf8)
        if let start = Self.find(marker, in: bytes) {
            payload = Array(bytes[...start])
            signature = String(decoding: bytes[(start + 1)...], as: UTF8.self)
        } else {
            payload = bytes
            let text = String(decoding: bytes.suffix(20_000), as: UTF8.self)
            // Of another kind: said so, instead of "unsigned".
            for kind in ["-----BEGIN PGP", "-----BEGIN SIGNED MESSAGE"] where text.contains(kind) { signature = kind }
        }
        if let end = Self.find([10, 10], in: bytes), bytes[..<end].contains(0) { problem = "there is a NUL in its header" }
    }

    static func find(_ needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= needle.count else { return nil }
        return (0...(bytes.count - needle.count)).first { start in
            bytes[start] == needle[0] && bytes[start..<(start + needle.count)].elementsEqual(needle)
        }
    }
}
