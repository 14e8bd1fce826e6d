internal import CLibGit2
import CurfewModel

/// What an approval may be about: the grants of the last commits, and those commits themselves. Anybody who may push tags can
/// push any number of them; when there are too many, only those about one of these are looked at, the newest first.
struct ApprovalSubjects {
    /// Grant names, and the first twelve digits of commits, with their rank: the smaller the newer.
    private(set) var ranks: [String: Int] = [:]
    /// Most commits that are looked through.
    private static let mostCommits = 1000
    /// Most files of `grants/` that are looked at, of all these commits together.
    private static let mostFiles = 200_000
    /// Most approvals of one subject.
    private static let mostOfOne = 100

    /// - Parameter starts: the references to begin at; patterns with `*` too.
    init(_ repository: OpaquePointer, from starts: [String]) throws {
        var walk: OpaquePointer?
        try LibGit2.check(git_revwalk_new(&walk, repository), "walk from", "the tip")
        defer { git_revwalk_free(walk) }
        git_revwalk_sorting(walk, UInt32(GIT_SORT_TIME.rawValue))
        for start in starts {
            var oid = git_oid()
            if start.contains("*") {
                try LibGit2.check(git_revwalk_push_glob(walk, start), "walk from", start)
            } else if git_reference_name_to_id(&oid, repository, start) == 0 {
                // One that is not there, as before the first fetch, has nothing to tell.
                try LibGit2.check(git_revwalk_push(walk, &oid), "walk from", start)
            }
        }
        var (seen, files, commits): (Set<ObjectID>, Int, Int) = ([], 0, 0)
        var oid = git_oid()
        while commits < Self.mostCommits, git_revwalk_next(&oid, walk) == 0 {
            commits += 1
            guard let commit = ObjectID(oid) else { continue }
            add(String(commit.hex.prefix(12)))
            guard files < Self.mostFiles, let folder = Self.grants(of: commit, repository), seen.insert(folder).inserted
            else { continue }
            files += try addFiles(of: folder, repository)
        }
    }

    private mutating func add(_ subject: String) {
        if ranks[subject] == nil { ranks[subject] = ranks.count }
    }

    private mutating func addFiles(of folder: ObjectID, _ repository: OpaquePointer) throws -> Int {
        var tree: OpaquePointer?
        var oid = git_oid(folder)
        try LibGit2.check(git_tree_lookup(&tree, repository, &oid), "read tree", folder.hex)
        defer { git_tree_free(tree) }
        for index in 0..<git_tree_entrycount(tree) {
            guard let name = git_tree_entry_name(git_tree_entry_byindex(tree, index)).map({ String(cString: $0) }),
                name.hasSuffix(".yaml")
            else { continue }
            add(String(name.dropLast(5)))
        }
        return git_tree_entrycount(tree)
    }

    private static func grants(of commit: ObjectID, _ repository: OpaquePointer) -> ObjectID? {
        var (handle, tree): (OpaquePointer?, OpaquePointer?)
        var oid = git_oid(commit)
        guard git_commit_lookup(&handle, repository, &oid) == 0 else { return nil }
        defer { git_commit_free(handle) }
        guard git_commit_tree(&tree, handle) == 0 else { return nil }
        defer { git_tree_free(tree) }
        guard let entry = git_tree_entry_byname(tree, "grants"), git_tree_entry_type(entry) == GIT_OBJECT_TREE else {
            return nil
        }
        return git_tree_entry_id(entry).flatMap { ObjectID($0.pointee) }
    }

    /// At most `limit` of the names `<subject>/<person>`: of each subject the first hundred, newest subjects first.
    func narrowed(_ names: some Sequence<String>, to limit: Int) -> [String] {
        var found: [(rank: Int, name: String)] = []
        for name in names {
            if let rank = ranks[String(name.prefix { $0 != "/" })] { found.append((rank, name)) }
        }
        var (counts, kept): ([Int: Int], [String]) = ([:], [])
        for (rank, name) in found.sorted(by: { ($0.rank, $0.name) < ($1.rank, $1.name) }) where kept.count < limit {
            counts[rank, default: 0] += 1
            if counts[rank, default: 0] <= Self.mostOfOne { kept.append(name) }
        }
        return kept
    }
}
