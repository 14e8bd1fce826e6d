internal import CLibGit2
import CurfewModel

/// The tags `approvals/…` of the remote beside those that are here.
struct ApprovalRefs {
    private var wanted: [String: ObjectID] = [:]
    private var present: [String: ObjectID] = [:]
    /// Names in the order in which they matter.
    private var order: [String] = []

    /// Two DNS labels below `approvals/` and nothing else, of an annotated tag: the remote says of those alone what they name.
    private static func names(in heads: [RemoteHead]) -> [(name: Substring, id: ObjectID)] {
        let peeled = Set(heads.lazy.map(\.name).filter { $0.utf8.suffix(3).elementsEqual("^{}".utf8) })
        var found: [(name: Substring, id: ObjectID)] = []
        for head in heads where head.name.utf8.starts(with: RemoteHead.approvals.utf8) {
            let name = Substring(head.name.utf8.dropFirst(RemoteHead.approvals.utf8.count))
            guard peeled.contains(head.name + "^{}") else { continue }
            found.append((name, head.id))
        }
        return found
    }

    /// Stands for all of them: another one for every other list.
    static func fingerprint(of heads: [RemoteHead]) -> String {
        var (hash, count): (UInt64, Int) = (0xcbf2_9ce4_8422_2325, 0)
        for (name, id) in names(in: heads) {
            count += 1
            for part in [name.utf8[...], id.hex[...].utf8] {
                for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
                hash = (hash ^ 0x0A) &* 0x100_0000_01b3
            }
        }
        return "\(count)-\(hash)"
    }

    init(_ repository: OpaquePointer, _ heads: [RemoteHead], without heavy: Set<ObjectID>) throws {
        for (name, id) in Self.names(in: heads) where !heavy.contains(id) {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ Name(String($0)) != nil }) else { continue }
            wanted[String(name)] = id
        }
        order = wanted.keys.sorted()
        if wanted.count > GitWorker.approvalLimit {
            order = try ApprovalSubjects(repository, from: [MirrorRef.remote]).narrowed(order, to: GitWorker.approvalLimit)
            wanted = Dictionary(uniqueKeysWithValues: order.map { ($0, wanted[$0]) }).compactMapValues(\.self)
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

    /// What has to be fetched, in the order in which it matters.
    func missing(_ isMissing: (ObjectID) -> Bool) -> [(name: String, id: ObjectID)] {
        order.compactMap { name in wanted[name].flatMap { isMissing($0) ? (name, $0) : nil } }
    }

    /// Does without those that could not be had.
    mutating func leaveOut(_ isMissing: (ObjectID) -> Bool) { wanted = wanted.filter { !isMissing($0.value) } }

    /// Whether the same are here.
    var areCurrent: Bool { wanted == present }

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
