import ArgumentParser
import CurfewGates
import CurfewGitSource
import CurfewModel

struct WhoCan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who may have a role, by which policy, and who has to agree.",
        discussion: "Example: curfew who-can orders-debug")

    @OptionGroup var clone: CloneOptions
    @OptionGroup var output: FormatOption
    @Argument(help: "The role.") var role: String
    @Option(name: .long, help: "The revision whose policies count; the default is the branch as fetched last.") var rev: String?

    func run() async throws {
        try await reporting {
            let clone = try await clone.open()
            let commit = try await clone.resolve(rev ?? "refs/remotes/\(clone.remote)/\(clone.branch)")
            let view = try await PolicyView(clone, at: commit)
            let choices = AccessQuery.whoCan(try view.role(role).name, in: view.policies.set)
            if output.format == .json { return try Terminal.json(choices) }
            guard !choices.isEmpty else { return Terminal.out("nobody: no policy lets anybody have \(role)") }
            var rows = [["PERSON", "POLICY", "AT MOST", "APPROVALS"]]
            for choice in choices {
                let others = choice.from.filter { $0 != choice.person }.map(\.rawValue).joined(separator: ", ")
                rows.append([
                    choice.person.rawValue, choice.policy.rawValue, "\(choice.maxDuration)",
                    choice.approvals == 0 ? "none" : "\(choice.approvals) of \(others)",
                ])
            }
            Terminal.table(rows)
        }
    }
}
