import ArgumentParser
import CurfewDesiredState
import CurfewGitSource
import CurfewModel

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Approve a request, or a change: a signed tag that names exactly what you have seen.",
        discussion: """
            For a grant the tag names the blob of its file: when the file is edited afterwards, the approval is void.
            Examples: curfew approve alice-inc-4821
                      curfew approve 1c2d3e4f
            """)

    @OptionGroup var clone: CloneOptions
    @Argument(help: "A grant, or a commit.") var target: String
    @Option(name: .long, help: "Who you are, when git's user.email does not say it.") var `as`: String?

    func run() async throws {
        try await reporting {
            let clone = try await clone.open()
            let tip = try await clone.fetch()
            let view = try await PolicyView(clone, at: tip)
            let person = try await view.person(self.as)
            if let name = Name(target), let (commit, blob) = try await request(name, clone, tip) {
                let text = try await clone.git(["cat-file", "blob", blob.hex])
                try refuseOwn(name, blob, of: commit, in: clone, person)
                Terminal.out(text.split(separator: "\n").map { String($0).escapingControls }.joined(separator: "\n"))
                try await clone.tag(
                    "approvals/\(name)/\(person.name)", on: commit,
                    message: "Approve grant \(name)\n\nCurfew-Approve: \(blob.hex)\n")
                Terminal.out("approved \(name) (\(blob.short)) as \(person.name); it begins when request/\(name) is merged")
                return
            }
            let commit = try await clone.resolve(target)
            try await clone.tag(
                "approvals/\(commit.hex.prefix(12))/\(person.name)", on: commit,
                message: "Approve commit \(commit.short)\n\nCurfew-Approve: \(commit.hex)\n")
            Terminal.out("approved commit \(commit.short) as \(person.name)")
        }
    }

    /// An approval of one's own wish counts for nothing; better said now than at the merge.
    private func refuseOwn(_ name: Name, _ blob: ObjectID, of commit: ObjectID, in clone: WorkingClone, _ person: Person) throws
    {
        let tree = try LocalRepository(path: clone.objects).tree(at: commit)
        let grants = try DesiredStateLoader(runtimes: [:], enforcesPolicies: true).loadGrants(tree)
        guard let file = grants.files.first(where: { $0.blob == blob }) else {
            let first = grants.broken.first { $0.blob == blob }?.diagnostics.first
            throw GitError(
                .invalid, operation: "approve", subject: name.rawValue, first.map { "\($0)" } ?? "its file cannot be read")
        }
        guard file.grant.person != person.name else {
            throw GitError(
                .rejected, operation: "approve", subject: name.rawValue,
                "it is for \(person.name), and nobody approves their own request; see `curfew explain \(name)` for who can")
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
