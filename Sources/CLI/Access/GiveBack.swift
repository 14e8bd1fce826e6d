import ArgumentParser
import CurfewGitSource
import CurfewModel

struct GiveBack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a grant before its time: a signed commit that takes it off the branch.",
        discussion: "Anybody who is a person in policies/ may end any grant.\nExample: curfew give-back alice-inc-4821")

    @OptionGroup var clone: CloneOptions
    @Argument(help: "The grant.") var grant: String

    func run() async throws {
        try await reporting {
            guard let name = Name(grant) else { throw ValidationError("'\(grant.escapingControls)' is no name of a grant") }
            let clone = try await clone.open()
            for attempt in 1... {
                let tip = try await clone.fetch()
                guard try await clone.blob(at: "grants/\(name).yaml", of: tip) != nil else {
                    throw GitError(
                        .missingObject, operation: "give back", subject: name.rawValue,
                        "there is no such grant on \(clone.branch); see `curfew grants`")
                }
                let commit = try await clone.commit(
                    .delete, at: "grants/\(name).yaml", on: tip, message: "Give back \(name)\n")
                do {
                    try await clone.push(commit, to: clone.branch)
                    return Terminal.out("gave back \(name) with \(commit.short)")
                } catch  where attempt < 5 { continue }
            }
        }
    }
}
