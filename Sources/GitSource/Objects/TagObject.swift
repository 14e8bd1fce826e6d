import CurfewModel

/// An annotated tag read from its bytes; only one that is written as Git writes it is one.
struct TagObject {
    /// What it names.
    let object: ObjectID
    /// What that is: `commit`, `blob`.
    let type: String
    /// The name that it was given.
    let name: String
    let tagger: CommitFacts.Claim
    let message: String

    /// Most bytes of a tag.
    static let longest = 16_384

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Self.longest, !bytes.contains(0) else { return nil }
        var (position, values): (Int, [Slice<UnsafeRawBufferPointer>]) = (0, [])
        for key in ["object ", "type ", "tag ", "tagger "] {
            guard let end = bytes[position...].firstIndex(of: 0x0A), bytes[position..<end].starts(with: key.utf8) else {
                return nil
            }
            values.append(bytes[(position + key.utf8.count)..<end])
            position = end + 1
        }
        guard position == bytes.count || bytes[position] == 0x0A else { return nil }
        let line = PersonLine(values[3])
        guard let id = ObjectID(String(decoding: values[0], as: UTF8.self)), line.isWhole else { return nil }
        (object, tagger) = (id, line.claim)
        type = String(decoding: values[1], as: UTF8.self)
        name = String(decoding: values[2], as: UTF8.self)
        message = String(decoding: bytes[position...].drop { $0 == 0x0A }, as: UTF8.self)
    }
}
