import CurfewGitSource
import CurfewModel

/// Which grants the branch has carried, since when, and which came back after they were gone: found by one walk along the
/// first parents and carried on commit by commit. A blob that was on the branch before is spent: the approvals that name
/// it must not give the access twice.
struct GrantHistory: Sendable {
    /// One file of `grants/`.
    struct Entry: Hashable, Sendable {
        var path: RepositoryPath
        var blob: ObjectID
    }
    /// The commit since which each present file has been there.
    private(set) var introduced: [Entry: ObjectID] = [:]
    /// What has ever been on the branch.
    private(set) var known: Set<Entry> = []
    /// What is present for the second time.
    private(set) var replayed: Set<Entry> = []
    /// How far the walk has come.
    private(set) var tip: ObjectID?
    private var folder: ObjectID?

    /// Walks on to `next`. A step that is not on top of ``tip`` begins the walk anew at `root`.
    func advanced(to next: ObjectID, root: ObjectID?, in mirror: Mirror) async throws -> GrantHistory {
        var copy = self
        try await copy.advance(to: next, root: root, in: mirror)
        return copy
    }

    private mutating func advance(to next: ObjectID, root: ObjectID?, in mirror: Mirror) async throws {
        guard next != tip else { return }
        var line = try await mirror.firstParents(from: next, until: tip, limit: 1_000_000)
        if let tip, line.last?.parents.first != tip {
            self = GrantHistory()
            line = try await mirror.firstParents(from: next, until: nil, limit: 1_000_000)
        }
        if tip == nil, let root, let index = line.firstIndex(where: { $0.id == root }) { line = Array(line[...index]) }
        for commit in line.reversed() {
            do {
                let tree = try await mirror.tree(at: commit.id)
                let entry = try tree.entry(at: "grants")
                let folder = entry?.kind == .folder ? entry?.id : nil
                if folder != self.folder { take(try folder.map { try tree.entries(of: $0) } ?? [], from: commit.id) }
                self.folder = folder
            } catch let error as GitError where error.isAboutObjects {
                // It gave nobody anything: it was refused, and lies below a seal.
            }
            tip = commit.id
        }
    }

    private mutating func take(_ files: [FileEntry], from commit: ObjectID) {
        let now = Set(files.map { Entry(path: RepositoryPath("grants").appending($0.name), blob: $0.id) })
        for entry in introduced.keys where !now.contains(entry) {
            introduced[entry] = nil
            replayed.remove(entry)
        }
        for entry in now where introduced[entry] == nil {
            introduced[entry] = commit
            if !known.insert(entry).inserted { replayed.insert(entry) }
        }
    }
}
