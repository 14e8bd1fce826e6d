internal import CLibGit2
import CurfewModel

extension GitWorker {
    /// Sets and removes references of Curfew's own on the remote, by force: nobody else writes there.
    static func publish(_ request: WorkerRequest, _ context: ConnectionContext) throws {
        try withRepository(request.repository) { repository in try publish(request, context, repository) }
    }

    private static func publish(_ request: WorkerRequest, _ context: ConnectionContext, _ repository: OpaquePointer) throws {
        try connected(repository, request, context, GIT_DIRECTION_PUSH) { remote in
            let present = Set(try RemoteHead.all(remote, context).map(\.name))
            var specs: [String] = []
            for (index, reference) in (request.references ?? []).enumerated() where reference.name.hasPrefix("refs/curfew/") {
                if let commit = reference.commit {
                    // libgit2 pushes references only, no bare commits.
                    let source = "\(MirrorRef.push)-\(index)"
                    var oid = git_oid(commit)
                    var pointer: OpaquePointer?
                    try LibGit2.check(git_reference_create(&pointer, repository, source, &oid, 1, nil), "write", source)
                    git_reference_free(pointer)
                    specs.append("+\(source):\(reference.name)")
                } else if present.contains(reference.name) {
                    specs.append(":\(reference.name)")
                }
            }
            guard !specs.isEmpty else { return }
            var options = git_push_options()
            git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
            context.install(in: &options.callbacks)
            options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
            defer {
                for index in 0..<(request.references?.count ?? 0) {
                    git_reference_remove(repository, "\(MirrorRef.push)-\(index)")
                }
            }
            try context.check(withRefspecs(specs) { git_remote_push(remote, $0, &options) }, "push to")
            if let refused = context.refusal {
                throw GitError(.rejected, operation: "push to", subject: context.subject, "the server refused it: \(refused)")
            }
        }
    }
}
