@testable import CurfewDesiredState
@testable import CurfewGitSource
import CurfewModel

/// Armour, the split of a commit or a tag into what is signed and its signature, keys, and the line of allowed signers.
enum SignaturesTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let signature = SSHSignature(text) { check(signature.key) }
        if let key = SSHPublicKey(text) { check(key) }
        for object in [SignedObject(commit: Array(bytes)), SignedObject(tag: Array(bytes))] {
            expect(object.payload.count <= bytes.count + 1, "what is signed is more than the object")
            if let signature = object.signature.flatMap({ SSHSignature($0) }) { check(signature.key) }
        }
    }

    /// A key of one spelling, which stands in one line and is no option of `allowed_signers`.
    private static func check(_ key: SSHPublicKey) {
        expect(SSHPublicKey(key.line) == key, "a key that is another one when it is read again")
        expect(key.line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "a key with a control character")
        expect(key.line.split(separator: " ").count == 2, "a key of more than two words")
        _ = KeyBlob.fault(of: key)
    }
}
