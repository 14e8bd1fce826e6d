internal import CLibGit2
import CurfewModel

extension GitWorker {
    /// Most tags of approvals that are looked at.
    static let approvalLimit = 10_000
}

/// The tags `approvals/…` of the remote beside those that are here.
struct ApprovalRefs {
    private var wanted: [String: ObjectID] = [:]
    private var present: [String: ObjectID] = [:]
    /// Whether there are so many that only those about what is here already were looked at.
    private(set) var isNarrowed = false

    init(_ repository: OpaquePointer, _ remote: OpaquePointer, _ context: ConnectionContext) throws {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try context.check(git_remote_ls(&heads, &count, remote), "list")
        let prefix = "refs/tags/approvals/"
        for index in 0..<min(count, 1_000_000) {
            guard let head = heads?[index]?.pointee, let name = head.name else { continue }
            let text = String(cString: name)
            // Two DNS labels and nothing else: what a tag is peeled to (`^{}`) is none.
            guard text.hasPrefix(prefix), let id = ObjectID(head.oid) else { continue }
            let parts = text.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ Name(String($0)) != nil }) else { continue }
            wanted[String(text.dropFirst(prefix.count))] = id
        }
        if wanted.count > GitWorker.approvalLimit {
            isNarrowed = true
            let kept = try ApprovalSubjects(repository, from: [MirrorRef.remote])
                .narrowed(wanted.keys, to: GitWorker.approvalLimit)
            wanted = Dictionary(uniqueKeysWithValues: kept.map { ($0, wanted[$0]) }).compactMapValues(\.self)
        }
        var iterator: OpaquePointer?
        try LibGit2.check(
            git_reference_iterator_glob_new(&iterator, repository, MirrorRef.approvals + "*"), "list", MirrorRef.approvals)
        defer { git_reference_iterator_free(iterator) }
        var reference: OpaquePointer?
        while git_reference_next(&reference, iterator) == 0 {
            defer { git_reference_free(reference) }
            guard let name = git_reference_name(reference), let target = git_reference_target(reference) else { continue }
            present[String(String(cString: name).dropFirst(MirrorRef.approvals.count))] = ObjectID(target.pointee)
        }
    }

    /// Takes nothing from the remote.
    mutating func keep() { wanted = present }

    /// Whether the same are here.
    var areCurrent: Bool { wanted == present }

    /// What has to be downloaded.
    var refspecs: [String] {
        wanted.filter { present[$0.key] != $0.value }.keys.sorted().map {
            "+refs/tags/approvals/\($0):\(MirrorRef.approvals)\($0)"
        }
    }

    /// Makes the references here equal to the remote's.
    func write(_ repository: OpaquePointer) throws {
        for (name, id) in wanted where present[name] != id {
            var oid = git_oid(id)
            var reference: OpaquePointer?
            try LibGit2.check(
                git_reference_create(&reference, repository, MirrorRef.approvals + name, &oid, 1, nil), "write", name)
            git_reference_free(reference)
        }
        for name in present.keys where wanted[name] == nil {
            try LibGit2.check(git_reference_remove(repository, MirrorRef.approvals + name), "remove", name)
        }
    }
}
