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
            // Of another kind: said so, instead of "unsigned".
            if let start = Self.find(Array("\n-----BEGIN ".utf8), in: bytes) {
                signature = String(decoding: bytes[(start + 1)...].prefix(100), as: UTF8.self)
            }
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
