import ArgumentParser
import CurfewDesiredState
import CurfewGitSource
import CurfewModel
import Foundation
import Glibc

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Approve a request, or a change: a signed tag that names exactly what you have seen.",
        discussion: """
            Shows what it is and asks. For a grant the tag names the repository, the path and the blob of its file: when the file
            is edited afterwards, the approval is void, and it expires (approvals.validFor of the policy, a day by default).
            Examples: curfew approve alice-inc-4821
                      curfew approve 1c2d3e4f
                      curfew approve alice-inc-4821 --yes "$(git rev-parse origin/request/alice-inc-4821:grants/alice-inc-4821.yaml)"
            """)

    @OptionGroup var clone: CloneOptions
    @OptionGroup var anchor: AnchorOptions
    @Argument(help: "A grant, or a commit.") var target: String
    @Option(name: .long, help: "Who you are, when git's user.email does not say it.") var `as`: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Do not ask: this blob (of a grant) or commit is what you have read. Needed without a terminal.",
            valueName: "blob|commit"))
    var yes: String?

    func run() async throws {
        try await reporting {
            let clone = try await clone.open()
            let tip = try await clone.fetch()
            let view = try await PolicyView(clone, at: tip)
            let person = try await view.person(self.as)
            let root = try await anchor.resolved(in: clone, at: tip)
            if let name = Name(target), let (commit, blob) = try await request(name, clone, tip) {
                // Read once: what is shown is this blob, and this blob is what is signed, wherever the branch goes meanwhile.
                let request = try RequestText(name, blob, at: commit, in: clone)
                guard request.grant.person != person.name else {
                    throw GitError(
                        .rejected, operation: "approve", subject: name.rawValue,
                        "it is for \(person.name), and nobody approves their own request; see `curfew explain \(name)` for who can"
                    )
                }
                for line in request.lines(view, root: root) { Terminal.out(line) }
                try agree(to: blob)
                let statement = ApprovalStatement(target: blob, root: root, path: request.path)
                try await clone.tag(
                    "approvals/\(name)/\(person.name)", on: commit, message: statement.message(title: "Approve grant \(name)"))
                Terminal.out("approved \(name) (\(blob.short)) as \(person.name); it begins when request/\(name) is merged")
                return
            }
            let commit = try await clone.resolve(target)
            for line in try await ChangeText(commit, in: clone).lines(root: root) { Terminal.out(line) }
            try agree(to: commit)
            let statement = ApprovalStatement(target: commit, root: root, path: nil)
            try await clone.tag(
                "approvals/\(commit.hex.prefix(12))/\(person.name)", on: commit,
                message: statement.message(title: "Approve commit \(commit.short)"))
            Terminal.out("approved commit \(commit.short) as \(person.name)")
        }
    }

    /// Asks, or goes by `--yes`, which has to name exactly what is shown.
    private func agree(to id: ObjectID) throws {
        if let yes {
            guard yes == id.hex else {
                throw GitError(
                    .rejected, operation: "approve", subject: target.escapingControls,
                    "--yes names \(yes.prefix(40).description.escapingControls), and this is \(id.hex); it has changed: read it again"
                )
            }
            return
        }
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw GitError(
                .rejected, operation: "approve", subject: target.escapingControls,
                "there is no terminal to ask on; when you have read it, add --yes \(id.hex)")
        }
        Terminal.out("Approve \(id.short) as shown? Type yes:")
        guard readLine(strippingNewline: true) == "yes" else {
            throw GitError(.rejected, operation: "approve", subject: target.escapingControls, "not approved")
        }
    }

    /// The file of a grant: on its request branch, or on the branch itself when it is merged already.
    private func request(_ name: Name, _ clone: WorkingClone, _ tip: ObjectID) async throws -> (ObjectID, ObjectID)? {
        let path = "grants/\(name).yaml"
        if let commit = try? await clone.resolve("refs/remotes/\(clone.remote)/request/\(name)"),
            let blob = try await clone.blob(at: path, of: commit)
        {
            return (commit, blob)
        }
        return try await clone.blob(at: path, of: tip).map { (tip, $0) }
    }
}
