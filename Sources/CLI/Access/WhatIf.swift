import ArgumentParser
import CurfewGates
import CurfewGitSource
import CurfewModel

struct WhatIf: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "what-if",
        abstract: "Who gains or loses which possible access by a change of policies.",
        discussion: "Example: curfew what-if origin/main..HEAD")

    @OptionGroup var clone: CloneOptions
    @OptionGroup var output: FormatOption
    @Argument(help: "BASE..HEAD") var range: String

    func run() async throws {
        try await reporting {
            let clone = try await clone.open()
            let (base, head) = try await CommitRange.resolve(range, in: clone)
            let (before, after) = (try await PolicyView(clone, at: base), try await PolicyView(clone, at: head))
            for diagnostic in after.policies.diagnostics { Terminal.error("\(diagnostic)") }
            let changes = AccessQuery.difference(from: before.policies.set, to: after.policies.set)
            if output.format == .json {
                try Terminal.json(changes)
            } else if changes.isEmpty {
                Terminal.out("nobody gains or loses anything")
            } else {
                for change in changes { Terminal.out(change.description) }
            }
            if after.policies.isBroken { throw ExitCode.failure }
        }
    }
}

/// `BASE..HEAD`.
enum CommitRange {
    static func resolve(_ text: String, in clone: WorkingClone) async throws -> (base: ObjectID, head: ObjectID) {
        guard let dots = text.range(of: "..") else {
            throw ValidationError("'\(text.escapingControls)' has to be BASE..HEAD, such as origin/main..HEAD")
        }
        let (base, head) = (String(text[..<dots.lowerBound]), String(text[dots.upperBound...]))
        return (
            try await clone.resolve(base.isEmpty ? "HEAD" : base), try await clone.resolve(head.isEmpty ? "HEAD" : head)
        )
    }
}
