@testable import CurfewGitSource
import CurfewModel

/// Trees, commits and tags as bytes.
enum GitObjectsTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        _ = TreeObject(bytes)
        _ = CommitObject(bytes)
        _ = TagObject(bytes)
        let object = SignedObject(commit: Array(bytes))
        _ = object.signature.flatMap { SSHSignature($0) }
    }
}
