internal import CLibGit2
import CurfewModel

/// A reference that a remote has.
struct RemoteHead {
    /// Its full name. One that ends with `^{}` says what the annotated tag before it names.
    var name: String
    var id: ObjectID
    /// Where tags of approvals lie.
    static let approvals = "refs/tags/approvals/"

    /// What a connected remote offers.
    static func all(_ remote: OpaquePointer, _ context: ConnectionContext) throws -> [RemoteHead] {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try context.check(git_remote_ls(&heads, &count, remote), "list")
        return (0..<min(count, 3_000_000)).compactMap { index in
            guard let head = heads?[index]?.pointee, let name = head.name, let id = ObjectID(head.oid) else { return nil }
            return RemoteHead(name: String(cString: name), id: id)
        }
    }

    /// The tip of a branch.
    static func tip(of branch: String, in heads: [RemoteHead], _ subject: String) throws(GitError) -> ObjectID {
        let prefix = "refs/heads/"
        if let head = heads.first(where: { $0.name.utf8.elementsEqual("\(prefix)\(branch)".utf8) }) { return head.id }
        let branches = heads.map(\.name).filter { $0.utf8.starts(with: prefix.utf8) }.map {
            String($0.utf8.dropFirst(prefix.utf8.count)) ?? ""
        }
        if branches.isEmpty {
            throw GitError(
                .emptyRepository, operation: "fetch from", subject: subject,
                "the repository has no branch yet; push '\(branch)' to it")
        }
        let some = branches.prefix(5).joined(separator: ", ").escapingControls
        throw GitError(
            .branchNotFound, operation: "fetch from", subject: subject,
            "there is no branch '\(branch)'; there are: \(some)\(branches.count > 5 ? ", …" : "")")
    }
}
