import ArgumentParser
import CurfewDaemon
import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewModel

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Every gate of a grant and what it says, each approval, its start and end.",
        discussion: """
            Looks at the branch, or at request/<grant> while it is not merged. Exit code 0 = it gives access (now or later).
            Example: curfew explain alice-inc-4821
            """)

    @OptionGroup var clone: CloneOptions
    @OptionGroup var output: FormatOption
    @OptionGroup var rules: RulesOptions
    @Argument(help: "The grant.") var grant: String

    func run() async throws {
        try await reporting {
            guard let name = Name(grant) else { throw ValidationError("'\(grant.escapingControls)' is no name of a grant") }
            let clone = try await clone.open()
            let tip = try await clone.fetch()
            var head = tip
            if try await clone.blob(at: "grants/\(name).yaml", of: tip) == nil {
                guard let request = try? await clone.resolve("refs/remotes/\(clone.remote)/request/\(name)") else {
                    throw GitError(
                        .missingObject, operation: "explain", subject: name.rawValue,
                        "there is no such grant on \(clone.branch) and no branch request/\(name); it may have ended: see `git log -- grants/\(name).yaml`"
                    )
                }
                head = request
            }
            let inspection = try await rules.inspection(of: clone)
            let verdicts = try await inspection.grants(at: head, onto: tip, backends: rules.backends())
            guard let verdict = verdicts.first(where: { $0.id.name == name }) else {
                throw GitError(
                    .invalid, operation: "explain", subject: name.rawValue, "its file cannot be read; see `curfew validate`")
            }
            if output.format == .json { try Terminal.json(verdict) } else { Self.tell(verdict) }
            if case .refused = verdict.state { throw ExitCode.failure }
            if case .pending = verdict.state { throw ExitCode.failure }
        }
    }

    static func tell(_ verdict: GrantVerdict) {
        Terminal.out("\(verdict.id.name) (\(verdict.id.blob.short)): \(words(verdict.state))")
        if let policy = verdict.policy { Terminal.out("  policy: \(policy)") }
        for gate in verdict.gates {
            let mark =
                switch gate.passes {
                case true?: Terminal.paint("ok", .green)
                case false?: Terminal.paint("no", .red)
                case nil: Terminal.paint("--", .yellow)
                }
            Terminal.out("  \(mark) \(gate.gate): \(gate.text.escapingControls)")
        }
        if !verdict.approvedBy.isEmpty {
            Terminal.out("  approved by: \(verdict.approvedBy.map(\.rawValue).joined(separator: ", "))")
        }
        if !verdict.couldApprove.isEmpty {
            Terminal.out("  could approve: \(verdict.couldApprove.map(\.rawValue).joined(separator: ", "))")
        }
    }

    static func words(_ state: GrantVerdict.State) -> String {
        switch state {
        case .scheduled(let start, let end): "begins at \(start.text) and ends at \(end.text)"
        case .active(let start, let end): "active from \(start.text) to \(end.text)"
        case .ended(let moment): "ended at \(moment.text)"
        case .pending: "waits for approval"
        case .refused: "refused"
        }
    }
}

/// Who is trusted besides the policies, for commands that work in a clone.
struct RulesOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The service's configuration, when you have it: its owners and backends count.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?
    @Option(name: .long, help: ArgumentHelp("An owner (trust.owners), when you do not.", valueName: "person")) var owner:
        [String] = []
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The commit that trust.root pins, or a file that holds it: approvals of other repositories do not count.",
            valueName: "commit|file"))
    var root: String?
    @Option(
        name: .long, help: ArgumentHelp("Curfew's public key, whose reverts are taken.", valueName: "file"),
        completion: .file())
    var curfewKey: String?

    func configuration() throws -> ServiceConfiguration? {
        guard let config else { return nil }
        var option = ConfigurationOption()
        option.config = config
        return try option.load()
    }

    func inspection(of clone: WorkingClone) async throws -> Inspection {
        let rules = try await trustRules()
        return Inspection(objects: clone.objects, rules: rules, root: rules.root)
    }

    /// As the service's configuration says, or as these options do.
    func trustRules() async throws -> TrustRules {
        if let configuration = try configuration() { return try await Composition.trustRules(of: configuration) }
        return TrustRules(
            owners: owner.compactMap(Name.init), curfewKey: try curfewKey.map(PublicKeyFile.read),
            root: try root.map(RepositoryRoot.read))
    }

    func backends() throws -> [Name: BackendFacts]? {
        guard let configuration = try configuration() else { return nil }
        return Composition.backendFacts(of: configuration)
    }
}
