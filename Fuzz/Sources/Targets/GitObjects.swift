@testable import CurfewGitSource
import CurfewModel

/// Trees, commits and tags as they are judged; the first byte says what (`t`, `c`, anything else).
enum GitObjectsTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let object = UnsafeRawBufferPointer(rebasing: bytes[1...])
        switch first {
        case UInt8(ascii: "t"): tree(object)
        case UInt8(ascii: "c"): commit(object)
        default: _ = TagObject(object)
        }
    }

    /// Bytes that are one tree are the tree that its entries make: nobody reads another one in them.
    private static func tree(_ bytes: UnsafeRawBufferPointer) {
        let tree = TreeObject(bytes)
        expect(tree.entries.count <= TreeObject.mostEntries, "\(tree.entries.count) entries")
        guard tree.problem == nil else { return }
        expect(Set(tree.entries.map(\.name)).count == tree.entries.count, "two entries of one name")
        var rest = bytes[...]
        for entry in tree.entries {
            let modes =
                switch entry.kind {
                case .folder: ["40000"]
                case .file: ["100644", "100664"]
                case .executable: ["100755"]
                case .symlink: ["120000"]
                case .submodule: ["160000"]
                }
            let written = modes.map { Array($0.utf8) + [0x20] + entry.name.bytes + [0] + id(entry.id) }
            guard let own = written.first(where: { rest.starts(with: $0) }) else {
                fatalError("a tree that its entries do not make")
            }
            rest = rest.dropFirst(own.count)
        }
        expect(rest.isEmpty, "a tree that its entries do not make")
    }

    private static func commit(_ bytes: UnsafeRawBufferPointer) {
        let commit = CommitObject(bytes)
        let object = SignedObject(commit: Array(bytes))
        _ = object.signature.flatMap { SSHSignature($0) }
        guard commit.problems.isEmpty else { return }
        expect(commit.tree != nil && commit.parents.count <= CommitObject.mostParents, "no commit")
        expect(!commit.message.utf8.contains(0), "a message with a NUL")
        // What is signed says the same as the whole: nothing that counts hides in a signature.
        let signed = object.payload.withUnsafeBytes { CommitObject($0) }
        expect(
            signed.tree == commit.tree && signed.parents == commit.parents && signed.message == commit.message,
            "what is signed is another commit")
    }

    private static func id(_ id: ObjectID) -> [UInt8] {
        let digits = Array(id.hex.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
