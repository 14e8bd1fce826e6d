import ArgumentParser
import CurfewDaemon
import CurfewDesiredState
import CurfewGitSource
import CurfewModel
import Glibc

struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a folder or a Git repository without running anything.",
        discussion: """
            Prints every mistake as file:line:column. Exit code 0 = valid, 1 = invalid.
            Examples: curfew validate .
                      curfew validate /srv/git/ops.git --rev main
            """)

    @Argument(help: "A folder with manifests/, or a Git repository.", completion: .directory) var path = "."
    @Option(name: .long, help: "Check this revision of the repository instead of the files in the folder.") var rev: String?
    @Option(
        name: .long, help: "A configuration whose runtimes, access backends, limits and permissions are used.",
        completion: .file(extensions: ["yaml"]))
    var config: String?
    @OptionGroup var output: FormatOption

    private struct Answer: Encodable {
        var valid: Bool
        var workloads: Int
        var diagnostics: [Diagnostic]
    }

    func run() async throws {
        try await reporting {
            var limits = LoadLimits()
            var runtimes = Composition.defaultCapabilities
            var backends: Set<Name>?
            var enforces = true
            var permissions = BundlePermissions.unknown
            if let config {
                let configuration = try ConfigurationOption.parse(["--config", config]).load()
                (limits, runtimes) = (configuration.limits, Composition.capabilities(of: configuration))
                (backends, enforces) = (Set(configuration.backends.keys), configuration.trust != .none)
                permissions = configuration.permissions
            }
            let (tree, revision) = try source()
            let loader = DesiredStateLoader(
                limits: limits, runtimes: runtimes, backends: backends, permissions: permissions,
                enforcesPolicies: enforces)
            let loaded = try loader.load(tree, revision: revision)
            let assembly = assemble(loaded, lastGood: [:], allowsPrune: false)
            let errors = assembly.diagnostics.filter { $0.severity == .error }.count
            switch output.format {
            case .json:
                try Terminal.json(
                    Answer(valid: errors == 0, workloads: assembly.desired.workloads.count, diagnostics: assembly.diagnostics))
            case .text:
                for diagnostic in assembly.diagnostics { Terminal.out("\(diagnostic)") }
                let count = assembly.desired.workloads.count
                Terminal.out(
                    errors == 0
                        ? "\(Terminal.paint("valid", .green)): \(count) workload\(count == 1 ? "" : "s")"
                        : "\(Terminal.paint("invalid", .red)): \(errors) error\(errors == 1 ? "" : "s")")
            }
            if errors > 0 { throw ExitCode.failure }
        }
    }

    private func source() throws -> (any FileTree, ObjectID) {
        let nothing = String(repeating: "0", count: 40)
        if rev != nil || access("\(path)/manifests", F_OK) != 0, discoverRepository(at: path) != nil {
            let repository = try LocalRepository(path: path)
            let commit = try repository.resolve(rev ?? "HEAD")
            return (try repository.tree(at: commit), commit)
        }
        let tree = try FolderTree(path: path)
        guard let id = ObjectID(nothing) else { throw ExitCode.failure }
        return (tree, id)
    }
}
