internal import CLibGit2
import CurfewModel

extension Mirror {
    /// Writes a commit object, signed when there is a key and it is to be.
    func write(message: String, tree: ObjectID, parent: ObjectID?, isSigned: Bool = true, at now: Instant) throws -> ObjectID {
        let buffer = try commitBuffer(message: message, tree: tree, parent: parent, at: now)
        return try withRepository { repository in
            var oid = git_oid()
            if isSigned, let key = location.identity.signingKeyFile {
                let signature = try CommitSigner(key: key).sign(buffer)
                try LibGit2.check(
                    git_commit_create_with_signature(&oid, repository, buffer, signature, "gpgsig"), "write commit",
                    tree.short)
            } else {
                var database: OpaquePointer?
                try LibGit2.check(git_repository_odb(&database, repository), "write commit", tree.short)
                defer { git_odb_free(database) }
                try LibGit2.check(
                    git_odb_write(&oid, database, buffer, buffer.utf8.count, GIT_OBJECT_COMMIT), "write commit", tree.short)
            }
            guard let id = ObjectID(oid) else {
                throw GitError(.corrupt, operation: "write commit", subject: tree.short, "no id")
            }
            return id
        }
    }

    /// The bytes of a commit object, which are also what is signed.
    private func commitBuffer(message: String, tree: ObjectID, parent: ObjectID?, at now: Instant) throws -> String {
        func plain(_ text: String) -> String { text.filter { $0 != "<" && $0 != ">" && !$0.isNewline && $0 != "\0" } }
        let who = "\(plain(location.identity.name)) <\(plain(location.identity.email))> \(now.milliseconds / 1000) +0000"
        let text = message.replacing("\0", with: "")
        let line = parent.map { "parent \($0)\n" } ?? ""
        return "tree \(tree)\n\(line)author \(who)\ncommitter \(who)\n\n\(text)"
    }
}
