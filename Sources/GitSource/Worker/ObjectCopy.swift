internal import CLibGit2
import CurfewModel

/// Copies what a commit needs from one repository of this machine to another, as one pack: by size and type first, and through
/// commits that libgit2's own walk does not follow.
struct ObjectCopy {
    /// A handle of the repository that has them.
    let repository: OpaquePointer
    /// Its objects.
    let source: ObjectDatabase
    /// The objects of the other one.
    let target: ObjectDatabase
    /// For messages.
    let operation: String
    let subject: String
    /// Most bytes of a tree that is copied, though much smaller ones are judged.
    private static let longestTree = 64 << 20

    /// - Parameter folder: where the pack is written.
    func copy(_ tip: ObjectID, to folder: String) throws {
        var builder: OpaquePointer?
        try LibGit2.check(git_packbuilder_new(&builder, repository), operation, subject)
        defer { git_packbuilder_free(builder) }
        var (commits, trees, seen) = ([tip], [ObjectID](), Set([tip]))
        func isNew(_ id: ObjectID) -> Bool { seen.insert(id).inserted && !target.has(id) }
        func add(_ id: ObjectID) throws {
            var oid = git_oid(id)
            try LibGit2.check(git_packbuilder_insert(builder, &oid, nil), operation, subject)
        }
        while let id = commits.popLast() {
            guard !target.has(id) else { continue }
            try check(id, "commit", most: CommitObject.longestRead)
            let commit = try source.commit(id)
            try add(id)
            for parent in commit.parents where isNew(parent) { commits.append(parent) }
            if let tree = commit.tree, isNew(tree) { trees.append(tree) }
        }
        while let id = trees.popLast() {
            // What is not there, or is no tree, is for whoever judges the commit to say.
            guard source.kind(of: id) == GIT_OBJECT_TREE else { continue }
            try check(id, "tree", most: Self.longestTree)
            try add(id)
            for (entry, isFolder) in try source.links(of: id) where isNew(entry) {
                if isFolder { trees.append(entry) } else if source.has(entry) { try add(entry) }
            }
        }
        guard git_packbuilder_object_count(builder) > 0 else { return }
        do { try LibGit2.check(git_packbuilder_write(builder, folder, 0, nil, nil), operation, subject) } catch {
            guard error.code == .tooLarge else { throw error }
            throw GitError(
                .tooLarge, operation: operation, subject: subject,
                "it is more than one fetch may add; if that is right, set repository.maxFetch higher")
        }
    }

    private func check(_ id: ObjectID, _ what: String, most: Int) throws {
        let size = try source.size(of: id)
        guard size <= most else { throw Incoming.tooLarge(what, id, size) }
    }
}

extension ObjectDatabase {
    /// What a tree leads to, without its names; submodules are left out.
    fileprivate func links(of tree: ObjectID) throws -> [(ObjectID, isFolder: Bool)] {
        var links: [(ObjectID, isFolder: Bool)] = []
        _ = try read(tree, GIT_OBJECT_TREE) { bytes in
            var position = 0
            while position < bytes.count {
                guard let end = bytes[position...].firstIndex(of: 0), bytes.count - end >= 21 else { return }
                var oid = git_oid()
                withUnsafeMutableBytes(of: &oid.id) { $0.copyBytes(from: bytes[(end + 1)..<(end + 21)]) }
                let mode = bytes[position..<end].drop { $0 == UInt8(ascii: "0") }
                if let id = ObjectID(oid), !mode.starts(with: "16".utf8) { links.append((id, mode.starts(with: "4".utf8))) }
                position = end + 21
            }
        }
        return links
    }
}
