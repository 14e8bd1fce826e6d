internal import CLibGit2
import CurfewModel

extension GitWorker {
    /// Sets and removes references of Curfew's own on the remote, by force: nobody else writes there.
    static func publish(_ request: WorkerRequest, _ context: ConnectionContext) throws {
        try connected(request, context, GIT_DIRECTION_PUSH) { _, remote in
            var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
            var count = 0
            try context.check(git_remote_ls(&heads, &count, remote), "list")
            var present: Set<String> = []
            for index in 0..<min(count, 1_000_000) {
                if let name = heads?[index]?.pointee.name { present.insert(String(cString: name)) }
            }
            var specs: [String] = []
            for reference in request.references ?? [] where reference.name.hasPrefix("refs/curfew/") {
                if let commit = reference.commit {
                    specs.append("+\(commit.hex):\(reference.name)")
                } else if present.contains(reference.name) {
                    specs.append(":\(reference.name)")
                }
            }
            guard !specs.isEmpty else { return }
            var options = git_push_options()
            git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
            context.install(in: &options.callbacks)
            options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
            try context.check(withRefspecs(specs) { git_remote_push(remote, $0, &options) }, "push to")
            if let refused = context.refusal {
                throw GitError(.rejected, operation: "push to", subject: context.subject, "the server refused it: \(refused)")
            }
        }
    }
}
