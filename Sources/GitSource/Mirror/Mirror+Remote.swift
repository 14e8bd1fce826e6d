public import CurfewModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// What a refresh found out.
public struct FetchOutcome: Sendable, Hashable {
    /// The branch's tip at the remote.
    public var tip: ObjectID
    /// The address that answered, without credentials.
    public var remote: String
    /// Whether it is another one than before.
    public var moved: Bool
    /// Whether tags of approvals came, went or changed.
    public var approvalsMoved = false
}

extension Mirror {
    /// Asks for the branch's tip, and fetches it when it moved, over one connection in one child process. The configured
    /// address comes first, then its mirrors; each gets the configured time. A mirror that lags behind what was fetched
    /// before changes nothing: only the configured address is believed when it goes back.
    /// - Throws: ``GitError`` of the configured address when none answers.
    public func refresh() async throws -> FetchOutcome {
        let known = try tip()
        var first: GitError?
        for (index, address) in ([location.url] + location.mirrors).enumerated() {
            do {
                let answer = try await ask(
                    WorkerRequest(
                        operation: .refresh, repository: path, url: address, branch: location.branch,
                        credentials: location.credentials, known: known, mayLag: index > 0))
                guard let tip = answer.tip else {
                    throw GitError(.corrupt, operation: "fetch from", subject: address, "the child gave no tip")
                }
                if answer.approvalsMoved == true { approvalsMoved() }
                return FetchOutcome(
                    tip: tip, remote: RemoteURL.redact(address), moved: tip != known,
                    approvalsMoved: answer.approvalsMoved ?? false)
            } catch let error as GitError {
                // The child may have written them before it died.
                approvalsMoved()
                first = first ?? error
            }
        }
        throw first ?? GitError(.unreachable, operation: "fetch from", subject: RemoteURL.redact(location.url), "no answer")
    }

    /// Pushes a commit to the branch of the configured address, never by force.
    /// - Throws: ``GitError`` with code `rejected` when the branch is not at `tip` any more or the server refuses it.
    public func push(_ commit: ObjectID, expecting tip: ObjectID) async throws {
        _ = try await ask(
            WorkerRequest(
                operation: .push, repository: path, url: location.url, branch: location.branch,
                credentials: location.credentials, commit: commit, expected: tip))
    }

    /// Reverts a commit on the branch as it is now, and pushes that; when somebody else was faster, again on the new tip.
    public func revertAndPush(_ commit: ObjectID, subject: String?, body: String, at now: Instant, attempts: Int) async throws
        -> ObjectID
    {
        try await revertAndPush([commit], subject: subject, body: body, at: now, attempts: attempts)
    }

    /// The same for several commits, in one.
    public func revertAndPush(_ commits: [ObjectID], subject: String?, body: String, at now: Instant, attempts: Int)
        async throws -> ObjectID
    {
        var last = GitError(.rejected, operation: "push to", subject: RemoteURL.redact(location.url), "not tried")
        for _ in 0..<max(1, attempts) {
            let tip = try await refresh().tip
            let revert = try makeRevert(of: commits, onto: tip, subject: subject, body: body, at: now)
            do {
                try await push(revert, expecting: tip)
                return revert
            } catch let error as GitError where error.code == .rejected {
                // Refused, or too late? The branch itself tells.
                guard try await refresh().tip != tip else { throw error }
                last = error
            }
        }
        throw last
    }

    /// Runs the child with a deadline, one at a time. What it leaves behind without an answer is removed at once: half
    /// packs would fill the disk, and locks would stop every later write.
    func ask(_ request: WorkerRequest) async throws -> WorkerAnswer {
        await beginExchange()
        defer { endExchange() }
        let operation = request.operation != .refresh ? "push to" : "fetch from"
        let subject = RemoteURL.redact(request.url)
        do {
            let input = [UInt8](try JSONEncoder().encode(request))
            guard let output = try await run(input) else {
                throw GitError(.timedOut, operation: operation, subject: subject, "no answer within \(location.timeout)")
            }
            guard let answer = try? JSONDecoder().decode(WorkerAnswer.self, from: Data(output.utf8)) else {
                throw GitError(
                    .corrupt, operation: operation, subject: subject,
                    "the child process that does network Git ended without an answer")
            }
            if let error = answer.error { throw error }
            return answer
        } catch {
            cleanUpAfterChild()
            throw error
        }
    }

    /// What the child writes; `nil` when its time was over.
    private func run(_ input: [UInt8]) async throws -> String? {
        guard let program = worker.first else {
            throw GitError(.failed, operation: "run", subject: "git-worker", "no program was given")
        }
        let arguments = Array(worker.dropFirst())
        let limit = location.timeout
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                var options = PlatformOptions()
                options.processGroupID = 0
                // With whatever it started itself.
                options.teardownSequence = [
                    .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(1))
                ]
                do {
                    return try await Subprocess.run(
                        .path(FilePath(program)), arguments: Arguments(arguments),
                        environment: .custom([
                            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
                        ]),
                        platformOptions: options, input: .array(input), output: .string(limit: 1 << 20), error: .discarded
                    ).standardOutput
                } catch let error as SubprocessError {
                    throw GitError(.failed, operation: "run", subject: program, "it cannot be run: \(error)")
                }
            }
            group.addTask {
                try await Task.sleep(for: limit.duration)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
