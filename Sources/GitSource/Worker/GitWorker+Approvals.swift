internal import CLibGit2
import CurfewModel

extension GitWorker {
    /// Most tags of approvals that are kept.
    static let approvalLimit = 10_000
    /// Most connections of one fetch of approvals: each that breaks off on something heavy halves what is asked for.
    private static let mostConnections = 24
    /// Most bytes of one of these, beside what each tag may have.
    private static let mostBytes = 4 << 20

    /// Makes the approvals here those of the remote. Only the tags themselves are kept, never what they name.
    static func approvals(_ request: WorkerRequest, _ context: ConnectionContext) throws -> WorkerAnswer {
        try withRepository(request.repository) { mirror in
            let local = try context.folder.map { try LocalSource(folder: $0, subject: context.subject) }
            let heads =
                try local?.heads()
                ?? connected(mirror, request, context, GIT_DIRECTION_FETCH) { remote in
                    try RemoteHead.all(remote, context)
                }
            WorkerLimits.allowObjects()
            let store = try TagStore(mirror)
            var refs = try ApprovalRefs(mirror, heads, without: Set(request.heavy ?? []))
            let missing = refs.missing { !store.has($0) }
            var fetch = ApprovalFetch(request: request, context: context, store: store)
            if let local {
                for (_, id) in missing where !store.add(local.tag(id), id) { fetch.heavy.insert(id) }
            } else if !missing.isEmpty {
                try fetch.fetch(missing, most: mostBytes, connections: mostConnections)
            }
            refs.leaveOut { !store.has($0) }
            var answer = WorkerAnswer(approvals: ApprovalRefs.fingerprint(of: heads))
            answer.approvalsMoved = !refs.areCurrent
            answer.heavy = Array(fetch.heavy)
            answer.isPartial = fetch.isPartial
            try refs.write(mirror)
            return answer
        }
    }
}

/// Fetches tags over the network: many at once, and fewer when something among them is heavy, until it is known which.
private struct ApprovalFetch {
    let request: WorkerRequest
    let context: ConnectionContext
    let store: TagStore
    var heavy: Set<ObjectID> = []
    /// Whether some could not be asked for any more.
    var isPartial = false

    mutating func fetch(_ missing: [(name: String, id: ObjectID)], most: Int, connections: Int) throws {
        var (waiting, left) = ([missing], connections)
        while let group = waiting.popLast() {
            guard left > 0 else {
                isPartial = true
                return
            }
            left -= 1
            do {
                try fetch(group, most: min(64 << 20, most + group.count * 32 << 10))
            } catch let error as GitError where error.code == .tooLarge {
                guard group.count > 1 else {
                    heavy.formUnion(group.map(\.id))
                    continue
                }
                let middle = group.count / 2
                waiting += [Array(group[middle...]), Array(group[..<middle])]
            }
        }
    }

    private mutating func fetch(_ group: [(name: String, id: ObjectID)], most: Int) throws {
        context.prepare(longest: most)
        let incoming = try Incoming(.approvals, in: request.repository)
        incoming.have(request.known)
        try GitWorker.connected(incoming.repository, request, context, GIT_DIRECTION_FETCH) { remote in
            let specs = group.map { "+\(RemoteHead.approvals)\($0.name):\(MirrorRef.approvals)\($0.name)" }
            try incoming.download(specs, from: remote, context)
        }
        let came = try ObjectDatabase(path: incoming.path)
        for (_, id) in group {
            let read = try? came.read(id, GIT_OBJECT_TAG, limit: TagObject.longest) { Array($0) }
            let bytes: [UInt8]? = if case .value(let bytes)? = read { bytes } else { nil }
            if !store.add(bytes, id) { heavy.insert(id) }
        }
    }
}

/// The mirror's objects, into which tags are written one by one.
private final class TagStore {
    private let database: OpaquePointer

    init(_ repository: OpaquePointer) throws(GitError) {
        var opened: OpaquePointer?
        try LibGit2.check(git_repository_odb(&opened, repository), "open objects", "mirror")
        guard let opened else { throw GitError(.failed, operation: "open objects", subject: "mirror", "no handle") }
        database = opened
    }

    deinit { git_odb_free(database) }

    func has(_ id: ObjectID) -> Bool {
        var oid = git_oid(id)
        return git_odb_exists_ext(database, &oid, UInt32(GIT_ODB_LOOKUP_NO_REFRESH.rawValue)) == 1
    }

    /// Writes a tag.
    /// - Returns: whether it is here now, under its id.
    func add(_ bytes: [UInt8]?, _ id: ObjectID) -> Bool {
        var oid = git_oid()
        guard let bytes, git_odb_write(&oid, database, bytes, bytes.count, GIT_OBJECT_TAG) == 0 else { return false }
        return ObjectID(oid) == id
    }
}
