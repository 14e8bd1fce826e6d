internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// Facts of one commit: what its own bytes claim, what differs from its first parent, and what OpenSSH says of its
    /// signature. The same for ever, so they are kept, as many as two hundred thousand changes.
    ///
    /// What cannot be read or is not as Git writes it is a fact too: see ``CommitFacts/problems``.
    /// - Throws: ``GitError`` when the commit itself is not here or the disk cannot be read: then nothing is known.
    public func facts(of id: ObjectID) throws -> CommitFacts {
        if let known = knownFacts[id] { return known }
        let objects = try objectDatabase()
        let (object, bytes) = try objects.commitWithBytes(id)
        guard let bytes else { return Self.unread(id, object, try objects.size(of: id)) }
        var facts = CommitFacts(
            id: id, parents: object.parents, author: object.author, committer: object.committer, message: object.message,
            signature: .none, changes: [], problems: object.problems)
        facts.signature = try knownSignatures[id] ?? SignatureVerifier().check(SignedObject(commit: bytes))
        let isFinal = try compare(&facts, object, objects)
        guard isFinal else { return facts }
        knownChanges += facts.changes.count + 1
        if knownChanges >= 200_000 { (knownFacts, knownChanges) = ([:], facts.changes.count + 1) }
        knownFacts[id] = facts
        return facts
    }

    /// One that is too large to be looked into; only what it stands on is known.
    private static func unread(_ id: ObjectID, _ object: CommitObject, _ size: Int) -> CommitFacts {
        let nobody = CommitFacts.Claim(name: "", email: "", at: Instant(milliseconds: 0))
        let problem = "it has \(size) bytes; at most \(CommitObject.longest) are read"
        return CommitFacts(
            id: id, parents: object.parents, author: nobody, committer: nobody, message: "", signature: .bad(problem),
            changes: [], problems: [problem])
    }

    /// Adds what differs from the parents.
    /// - Returns: whether the same will be found the next time.
    private func compare(_ facts: inout CommitFacts, _ object: CommitObject, _ objects: ObjectDatabase) throws -> Bool {
        guard let tree = object.tree else { return true }
        let own = GitTree(root: tree, objects: objects)
        let base = try object.parents.first.flatMap { try objects.commit($0).tree }
        var comparison = TreeChanges(own)
        try comparison.compare(base, tree)
        facts.changes = comparison.changes
        facts.problems += comparison.problems
        guard facts.problems.isEmpty else { return !comparison.lacksObjects }
        do {
            // More at once are refused anyway.
            if object.parents.count <= 8 {
                for parent in object.parents.dropFirst() { try compare(&facts.changes, own, with: parent, objects) }
            }
            if let base, facts.changes.contains(where: { $0.path.isIn("policies") }) {
                let before = GitTree(root: base, objects: objects)
                let had = (try? before.hasPolicies()) ?? true
                facts.emptiesPolicies = try had && !own.hasPolicies()
            }
        } catch let error as GitError where error.code == .missingObject || error.code == .corrupt {
            facts.problems.append("what it merges cannot be read: \(error.message)")
            return false
        }
        return true
    }

    private func compare(_ changes: inout [PathChange], _ own: GitTree, with parent: ObjectID, _ objects: ObjectDatabase) throws
    {
        guard let root = try objects.commit(parent).tree else { return }
        let (theirs, ours) = (EntryFinder(GitTree(root: root, objects: objects)), EntryFinder(own))
        for index in changes.indices where !changes[index].isFromMergedParent {
            let path = changes[index].path
            let (one, other) = (try theirs.file(at: path), try ours.file(at: path))
            changes[index].isFromMergedParent = one?.id == other?.id && one?.kind == other?.kind
        }
    }
}

/// Looks many paths up in one tree, each folder of which is read once.
private final class EntryFinder {
    private let tree: GitTree
    private var folders: [ObjectID: [FileName: FileEntry]] = [:]

    init(_ tree: GitTree) { self.tree = tree }

    /// What is at a path and is no folder.
    func file(at path: RepositoryPath) throws -> FileEntry? {
        var current = FileEntry(name: "", kind: .folder, id: tree.root)
        for name in path.names {
            guard current.kind == .folder, let next = try names(in: current.id)[name] else { return nil }
            current = next
        }
        return current.kind == .folder ? nil : current
    }

    private func names(in folder: ObjectID) throws -> [FileName: FileEntry] {
        if let known = folders[folder] { return known }
        let names = Dictionary(try tree.entries(of: folder).map { ($0.name, $0) }) { first, _ in first }
        if folders.count > 10_000 { folders.removeAll() }
        folders[folder] = names
        return names
    }
}

extension GitTree {
    /// Whether policies/ holds a file that could be a policy.
    fileprivate func hasPolicies() throws -> Bool {
        let folders = try object(root).entries.filter { $0.name == "policies" && $0.kind == .folder }
        var (waiting, read) = (folders.map(\.id), 0)
        while let next = waiting.popLast(), read < 10_000 {
            read += 1
            for entry in try object(next).entries {
                switch entry.kind {
                case .folder: waiting.append(entry.id)
                case .file, .executable: if entry.name.ends(with: ".yaml") || entry.name.ends(with: ".yml") { return true }
                case .symlink, .submodule: break
                }
            }
        }
        return false
    }
}
