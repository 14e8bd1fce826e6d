import CurfewModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

extension Mirror {
    /// Runs the child with a deadline, one at a time. What it leaves behind without an answer is removed at once: half
    /// packs would fill the disk, and locks would stop every later write.
    func ask(_ request: WorkerRequest) async throws -> WorkerAnswer {
        await beginExchange()
        defer { endExchange() }
        do { return try await exchange(request) } catch {
            cleanUpAfterChild()
            throw error
        }
    }

    /// Runs the child with a deadline.
    func exchange(_ request: WorkerRequest) async throws -> WorkerAnswer {
        let operation = [.push, .publish].contains(request.operation) ? "push to" : "fetch from"
        let subject = RemoteURL.redact(request.url)
        let input = [UInt8](try JSONEncoder().encode(request))
        guard let output = try await run(input) else {
            throw GitError(.timedOut, operation: operation, subject: subject, "no answer within \(location.timeout)")
        }
        guard let answer = try? JSONDecoder().decode(WorkerAnswer.self, from: Data(output.utf8)) else {
            throw GitError(
                .corrupt, operation: operation, subject: subject,
                "the child process that does network Git ended without an answer: it crashed, or what the server sent took more than it may have"
            )
        }
        if let error = answer.error { throw error }
        return answer
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
