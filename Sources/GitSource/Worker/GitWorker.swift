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
            WorkerLimits.set(for: request)
            let context = try await ConnectionContext(url: url, request: request)
            switch request.operation {
            case .refresh: answer = try refresh(request, context)
            case .approvals: answer = try approvals(request, context)
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

    /// Opens a repository.
    static func withRepository<Result>(_ path: String, _ body: (OpaquePointer) throws -> Result) throws -> Result {
        LibGit2.start
        var repository: OpaquePointer?
        try LibGit2.check(git_repository_open_bare(&repository, path), "open repository", path)
        defer { git_repository_free(repository) }
        guard let repository else { throw GitError(.failed, operation: "open repository", subject: path, "no handle") }
        return try body(repository)
    }

    /// Makes an unnamed remote of a repository and connects it in one direction.
    static func connected<Result>(
        _ repository: OpaquePointer, _ request: WorkerRequest, _ context: ConnectionContext, _ direction: git_direction,
        _ body: (_ remote: OpaquePointer) throws -> Result
    ) throws -> Result {
        var remote: OpaquePointer?
        try LibGit2.check(git_remote_create_anonymous(&remote, repository, request.url), "use", context.subject)
        defer { git_remote_free(remote) }
        guard let remote else { throw GitError(.failed, operation: "use", subject: context.subject, "no handle") }
        var options = git_remote_connect_options()
        git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
        context.install(in: &options.callbacks)
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        try context.check(git_remote_connect_ext(remote, direction, &options), "connect to")
        defer { git_remote_disconnect(remote) }
        // The list of references is here now; what follows is bounded by itself.
        WorkerLimits.allowObjects()
        return try body(remote)
    }

    /// Pushes a commit to the branch, never by force.
    private static func push(_ request: WorkerRequest, _ context: ConnectionContext) throws -> ObjectID? {
        guard let commit = request.commit else {
            throw GitError(.invalid, operation: "push to", subject: context.subject, "no commit was named")
        }
        func check(_ tip: ObjectID) throws(GitError) {
            guard tip == request.expected else {
                throw GitError(
                    .rejected, operation: "push to", subject: context.subject, "the branch has moved to \(tip.short) meanwhile")
            }
        }
        if let folder = context.folder {
            let tip = try LocalSource(folder: folder, subject: context.subject).tip(of: request.branch)
            if tip == commit { return commit }
            try check(tip)
            try withRepository(request.repository) { repository in
                try FolderPush(folder: folder, subject: context.subject).push(
                    commit, from: request.repository, repository, to: request.branch, expecting: tip)
            }
            return commit
        }
        return try withRepository(request.repository) { repository in
            try connected(repository, request, context, GIT_DIRECTION_PUSH) { remote in
                let tip = try RemoteHead.tip(of: request.branch, in: RemoteHead.all(remote, context), context.subject)
                if tip == commit { return commit }
                try check(tip)
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
                    throw GitError(
                        .rejected, operation: "push to", subject: context.subject, "the server refused it: \(refused)")
                }
                return commit
            }
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
