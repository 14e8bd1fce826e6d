import ArgumentParser
import CurfewDaemon
import CurfewModel
import Foundation
import Glibc

/// As a repository's `pre-receive` hook: what Curfew would refuse never reaches the branch.
extension Check {
    private static let limit = 4 << 20

    func judgePush() async throws {
        let environment = ProcessInfo.processInfo.environment
        let folder = URL(filePath: environment["GIT_DIR"] ?? clone.repo).standardizedFileURL.path
        let updates = try Self.updates()
        let rules = try await rules.trustRules()
        if rules.root == nil {
            Terminal.error("curfew: warning: without --root (or --config) approvals of other repositories count here")
        }
        let verdict = try await PushInspection(
            repository: folder, updates: updates, branch: clone.branch, rules: rules, environment: environment
        ).verdict()
        for note in verdict.notes { Terminal.error("curfew: \(note.escapingControls)") }
        for reason in verdict.refusals { Terminal.error("curfew: refused: \(reason.escapingControls)") }
        if !verdict.refusals.isEmpty { throw ExitCode.failure }
    }

    /// What git writes to the hook.
    private static func updates() throws -> [PushInspection.Update] {
        var bytes: [UInt8] = []
        while let part = try FileHandle.standardInput.read(upToCount: 65_536), !part.isEmpty {
            bytes += part
            guard bytes.count <= limit else { throw ValidationError("there are too many references in one push") }
        }
        return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
            guard let update = PushInspection.Update(line) else {
                throw ValidationError(
                    "standard input has to be `<old> <new> <reference>` lines, as git gives them to a pre-receive hook")
            }
            return update
        }
    }
}
