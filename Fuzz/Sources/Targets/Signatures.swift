@testable import CurfewDesiredState
@testable import CurfewGitSource
import CurfewModel

/// Armour, the split of a commit or a tag into what is signed and its signature, keys, and the line of allowed signers.
enum SignaturesTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let signature = SSHSignature(text) { check(signature.key) }
        if let key = SSHPublicKey(text) { check(key) }
        if let statement = PublicationStatement(Array(bytes)) {
            expect(statement.text.utf8.elementsEqual(bytes), "a statement of more than one form")
        }
        if let approval = ApprovalStatement(message: text) {
            let again = ApprovalStatement(message: approval.message(title: "Approve"))
            expect(again == approval, "an approval that is another one when it is read again")
        }
        let configuration = CloneConfiguration(listed: Array(bytes), remote: "origin")
        expect(!configuration.text(workTree: "/x").utf8.contains(0), "a NUL in a configuration")
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
