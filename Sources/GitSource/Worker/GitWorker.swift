internal import CLibGit2
import CurfewModel
import Foundation

/// The child side of network Git. libgit2 1.5 has no time limit: a hang, a crash or a runaway here costs one exchange,
/// and the parent ends this process when its time is over.
public enum GitWorker {
    /// Reads one request from standard input, does it, and writes one answer to standard output.
    /// - Returns: the exit code; 0 also when the answer is an error.
    public static func run() async -> Int32 {
        let input = FileHandle.standardInput.readDataToEndOfFile()
        var answer = WorkerAnswer()
        do {
            let request = try JSONDecoder().decode(WorkerRequest.self, from: input)
            let url = try RemoteURL(request.url)
            let context = try await ConnectionContext(url: url, credentials: request.credentials)
            switch request.operation {
            case .refresh: (answer.tip, answer.approvalsMoved) = try refresh(request, context)
            case .push: answer.tip = try push(request, context)
            case .publish: try publish(request, context)
            }
        } catch let error as GitError {
            answer.error = error
        } catch {
            answer.error = GitError(
                .invalid, operation: "read request", subject: "standard input", "this command is for Curfew's own use")
        }
        guard let data = try? JSONEncoder().encode(answer) else { return 1 }
        FileHandle.standardOutput.write(data)
        return 0
    }

    /// Opens the mirror and an unnamed remote, connected in one direction.
    static func connected<Result>(
        _ request: WorkerRequest, _ context: ConnectionContext, _ direction: git_direction,
        _ body: (_ repository: OpaquePointer, _ remote: OpaquePointer) throws -> Result
    ) throws -> Result {
        LibGit2.start
        if let file = request.credentials.certificateAuthorityFile {
            try LibGit2.check(curfew_git_certificates(file), "read certificate authorities", file)
        }
        var repository: OpaquePointer?
        try LibGit2.check(git_repository_open_bare(&repository, request.repository), "open repository", request.repository)
        defer { git_repository_free(repository) }
        var remote: OpaquePointer?
        try LibGit2.check(git_remote_create_anonymous(&remote, repository, request.url), "use", context.subject)
        defer { git_remote_free(remote) }
        guard let repository, let remote else {
            throw GitError(.failed, operation: "use", subject: context.subject, "no handle")
        }
        var options = git_remote_connect_options()
        git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
        context.install(in: &options.callbacks)
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        let result = git_remote_connect_ext(remote, direction, &options)
        try context.check(result, "connect to")
        defer { git_remote_disconnect(remote) }
        return try body(repository, remote)
    }

    /// Asks for the branch's tip and the tags of approvals, and downloads over the same connection what is not here.
    private static func refresh(_ request: WorkerRequest, _ context: ConnectionContext) throws -> (ObjectID, Bool) {
        let (tip, moved, isPartial) = try fetch(request, context)
        guard isPartial else { return (tip, moved) }
        // What is new on the branch says which approvals matter.
        var again = request
        again.known = tip
        let (next, movedAgain, _) = try fetch(again, context)
        return (next, moved || movedAgain)
    }

    private static func fetch(_ request: WorkerRequest, _ context: ConnectionContext) throws -> (ObjectID, Bool, Bool) {
        try connected(request, context, GIT_DIRECTION_FETCH) { repository, remote in
            let tip = try tip(of: request.branch, remote, context)
            var approvals = try ApprovalRefs(repository, remote, context)
            let mayLag = request.mayLag == true && request.known.map { contains(repository, $0, tip) } ?? false
            if mayLag, let known = request.known, known != tip { return (known, false, false) }
            // An address that copies another may know fewer approvals: those that are here stay.
            if request.mayLag == true { approvals.keep() }
            if tip == request.known, approvals.areCurrent { return (tip, false, false) }
            var options = git_fetch_options()
            git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
            context.install(in: &options.callbacks)
            options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
            options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
            let branch = "+refs/heads/\(request.branch):\(MirrorRef.remote)"
            let result = withRefspecs([branch] + approvals.refspecs) { git_remote_download(remote, $0, &options) }
            try context.check(result, "fetch from")
            var oid = git_oid(tip)
            var commit: OpaquePointer?
            try LibGit2.check(git_commit_lookup(&commit, repository, &oid), "read the tip of", context.subject)
            git_commit_free(commit)
            var reference: OpaquePointer?
            try LibGit2.check(
                git_reference_create(&reference, repository, MirrorRef.remote, &oid, 1, nil), "write", MirrorRef.remote)
            git_reference_free(reference)
            try approvals.write(repository)
            return (tip, !approvals.areCurrent, approvals.isNarrowed && tip != request.known)
        }
    }

    private static func contains(_ repository: OpaquePointer, _ newer: ObjectID, _ older: ObjectID) -> Bool {
        var (newer, older) = (git_oid(newer), git_oid(older))
        return git_graph_descendant_of(repository, &newer, &older) == 1
    }

    static func tip(of branch: String, _ remote: OpaquePointer, _ context: ConnectionContext) throws -> ObjectID {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try context.check(git_remote_ls(&heads, &count, remote), "list")
        var branches: [String] = []
        for index in 0..<min(count, 1_000_000) {
            guard let head = heads?[index]?.pointee, let name = head.name else { continue }
            let text = String(cString: name)
            if text == "refs/heads/\(branch)", let id = ObjectID(head.oid) { return id }
            if text.hasPrefix("refs/heads/") { branches.append(String(text.dropFirst("refs/heads/".count))) }
        }
        if branches.isEmpty {
            throw GitError(
                .emptyRepository, operation: "fetch from", subject: context.subject,
                "the repository has no branch yet; push '\(branch)' to it")
        }
        let some = branches.prefix(5).joined(separator: ", ").escapingControls
        throw GitError(
            .branchNotFound, operation: "fetch from", subject: context.subject,
            "there is no branch '\(branch)'; there are: \(some)\(branches.count > 5 ? ", …" : "")")
    }

    /// Pushes a commit to the branch, never by force.
    private static func push(_ request: WorkerRequest, _ context: ConnectionContext) throws -> ObjectID? {
        guard let commit = request.commit else {
            throw GitError(.invalid, operation: "push to", subject: context.subject, "no commit was named")
        }
        return try connected(request, context, GIT_DIRECTION_PUSH) { repository, remote in
            let tip = try tip(of: request.branch, remote, context)
            if tip == commit { return commit }
            guard tip == request.expected else {
                throw GitError(
                    .rejected, operation: "push to", subject: context.subject, "the branch has moved to \(tip.short) meanwhile")
            }
            if let folder = context.folder {
                try FolderPush(folder: folder, subject: context.subject).push(
                    commit, from: repository, to: request.branch, expecting: tip)
                return commit
            }
            var oid = git_oid(commit)
            var reference: OpaquePointer?
            try LibGit2.check(
                git_reference_create(&reference, repository, MirrorRef.push, &oid, 1, nil), "write", MirrorRef.push)
            git_reference_free(reference)
            var options = git_push_options()
            git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
            context.install(in: &options.callbacks)
            options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
            let result = withRefspecs(["\(MirrorRef.push):refs/heads/\(request.branch)"]) {
                git_remote_push(remote, $0, &options)
            }
            try context.check(result, "push to")
            if let refused = context.refusal {
                throw GitError(.rejected, operation: "push to", subject: context.subject, "the server refused it: \(refused)")
            }
            return commit
        }
    }

    static func withRefspecs(_ specs: [String], _ body: (UnsafePointer<git_strarray>) -> Int32) -> Int32 {
        var pointers: [UnsafeMutablePointer<CChar>?] = specs.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            var array = git_strarray(strings: buffer.baseAddress, count: buffer.count)
            return body(&array)
        }
    }
}
