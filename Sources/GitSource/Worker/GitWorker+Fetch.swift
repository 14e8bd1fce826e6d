internal import CLibGit2
import CurfewModel

extension GitWorker {
    /// Asks for the branch's tip and fetches it when it is not here. Nothing else is fetched on the way: whoever may push tags
    /// or other branches can neither delay nor stop this.
    static func refresh(_ request: WorkerRequest, _ context: ConnectionContext) throws -> WorkerAnswer {
        let mirror = request.repository
        if let folder = context.folder {
            let source = try LocalSource(folder: folder, subject: context.subject)
            let tip = try source.tip(of: request.branch)
            let answer = WorkerAnswer(tip: tip, approvals: ApprovalRefs.fingerprint(of: try source.heads()))
            WorkerLimits.allowObjects()
            return try take(answer, request) { incoming in try source.copy(tip, into: incoming) }
        }
        let incoming = try Incoming(.branch, in: mirror)
        incoming.have(request.known)
        return try connected(incoming.repository, request, context, GIT_DIRECTION_FETCH) { remote in
            let heads = try RemoteHead.all(remote, context)
            let tip = try RemoteHead.tip(of: request.branch, in: heads, context.subject)
            let answer = WorkerAnswer(tip: tip, approvals: ApprovalRefs.fingerprint(of: heads))
            return try take(answer, request, incoming) { incoming in
                try incoming.download(["+refs/heads/\(request.branch):\(MirrorRef.remote)"], from: remote, context)
            }
        }
    }

    /// Fetches a tip if it is not here, looks at what came, and moves it into the mirror.
    private static func take(
        _ answer: WorkerAnswer, _ request: WorkerRequest, _ incoming: Incoming? = nil, _ fetch: (Incoming) throws -> Void
    ) throws -> WorkerAnswer {
        guard let tip = answer.tip else { return answer }
        let here = try ObjectDatabase(path: request.repository)
        // An address that copies another may know less: what is here stays, and nothing but the branch is believed.
        if request.mayLag == true, let known = request.known {
            if tip == known || here.has(tip), try here.isAncestor(tip, of: known) { return WorkerAnswer(tip: known) }
        }
        if !here.has(tip) {
            let incoming = try incoming ?? Incoming(.branch, in: request.repository)
            try fetch(incoming)
            try incoming.check(tip)
            try incoming.take()
        }
        if tip != request.known {
            try withRepository(request.repository) { repository in
                var oid = git_oid(tip)
                var reference: OpaquePointer?
                try LibGit2.check(
                    git_reference_create(&reference, repository, MirrorRef.remote, &oid, 1, nil), "write", MirrorRef.remote)
                git_reference_free(reference)
            }
        }
        return request.mayLag == true ? WorkerAnswer(tip: tip) : answer
    }
}
