public import CurfewModel

/// What a refresh found out.
public struct FetchOutcome: Sendable, Hashable {
    /// The branch's tip at the remote.
    public var tip: ObjectID
    /// The address that answered, without credentials.
    public var remote: String
    /// Whether it is another one than before.
    public var moved: Bool
    /// Whether tags of approvals are still being fetched; see ``Mirror/approvalsFetched()``.
    public var awaitsApprovals = false
}

extension Mirror {
    /// Asks for the branch's tip, and fetches it when it moved, over one connection in one child process. The configured
    /// address comes first, then its mirrors; each gets the configured time. A mirror that lags behind what was fetched
    /// before changes nothing: only the configured address is believed when it goes back.
    /// - Parameter approvals: how long to wait for tags of approvals that have changed too. They are fetched apart, after the
    ///   branch, and cannot stop it; zero = they are not fetched.
    /// - Throws: ``GitError`` of the configured address when none answers.
    public func refresh(waitingForApprovals approvals: Span = .seconds(1)) async throws -> FetchOutcome {
        let known = try tip()
        var first: GitError?
        for (index, address) in ([location.url] + location.mirrors).enumerated() {
            do {
                var request = request(.refresh, url: address)
                (request.known, request.mayLag) = (known, index > 0)
                let answer = try await ask(request)
                guard let tip = answer.tip else {
                    throw GitError(.corrupt, operation: "fetch from", subject: address, "the child gave no tip")
                }
                var outcome = FetchOutcome(tip: tip, remote: RemoteURL.redact(address), moved: tip != known)
                if approvals > .zero, let seen = answer.approvals, beginApprovals(seen, tip: tip) {
                    outcome.awaitsApprovals = await !approvalsFetched(within: approvals)
                }
                return outcome
            } catch let error as GitError {
                first = first ?? error
            }
        }
        throw first ?? GitError(.unreachable, operation: "fetch from", subject: RemoteURL.redact(location.url), "no answer")
    }

    /// A request to the child with what holds for each.
    func request(_ operation: WorkerRequest.Operation, url: String? = nil) -> WorkerRequest {
        WorkerRequest(
            operation: operation, repository: path, url: url ?? location.url, branch: location.branch,
            credentials: location.credentials, longestFetch: Int(clamping: location.longestFetch.value),
            timeout: location.timeout)
    }

    /// Pushes a commit to the branch of the configured address, never by force.
    /// - Throws: ``GitError`` with code `rejected` when the branch is not at `tip` any more or the server refuses it.
    public func push(_ commit: ObjectID, expecting tip: ObjectID) async throws {
        var request = request(.push)
        (request.commit, request.expected) = (commit, tip)
        _ = try await ask(request)
    }
}
