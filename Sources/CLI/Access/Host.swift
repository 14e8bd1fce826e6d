import ArgumentParser
import CurfewDaemon
import CurfewModel
import Foundation

struct Host: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What a host does that trusts Curfew's certificates.", subcommands: [HostSyncCommand.self])
}

struct HostSyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Fetch the signed revocation list and principals from Git and install them for sshd.",
        discussion: """
            A host needs nothing but read access to the repository, Curfew's public key and the repository's root: the commit
            that the service pins as trust.root. Without --root that of the first publication is kept in --state. Without
            --every it runs once, for a timer; exit code 0 = in place, 1 = not, and what was in place stays.
            Example: curfew host sync https://git.example/ops.git --backend bastion --key /etc/curfew/curfew.pub \\
                       --root /etc/curfew/root --krl /etc/ssh/revoked --principals /etc/ssh/principals \\
                       --ca /etc/ssh/ca.pub --every 5s
            """)

    @Argument(help: "The repository, as git takes it.") var repository: String
    @Option(name: .long, help: "The access backend whose host this is.") var backend: String
    @Option(name: .long, help: ArgumentHelp("Curfew's public key: only what it has signed is installed.", valueName: "file"))
    var key: String
    @Option(
        name: .long,
        help: ArgumentHelp("The commit that trust.root pins, or a file that holds it.", valueName: "commit|file"))
    var root: String?
    @Option(name: .long, help: ArgumentHelp("What sshd's RevokedKeys names.", valueName: "file")) var krl: String
    @Option(name: .long, help: ArgumentHelp("The folder of sshd's AuthorizedPrincipalsFile.", valueName: "folder"))
    var principals: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "What sshd's TrustedUserCAKeys names: put there by you, read and never written; a list for another authority is refused.",
            valueName: "file"))
    var ca: String?
    @Option(name: .long, help: ArgumentHelp("Where it is remembered what was taken last.", valueName: "folder"))
    var state = "/var/lib/curfew-host"
    @Option(name: .long, help: "Go on, and look so often.") var every: Span?

    func run() async throws {
        try await reporting {
            guard let name = Name(backend) else {
                throw ValidationError("'\(backend.escapingControls)' is no name of a backend")
            }
            let text = (try? String(contentsOfFile: key, encoding: .utf8)) ?? ""
            guard let publicKey = SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
                throw ValidationError("\(key): it is no public SSH key")
            }
            func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
            let sync = HostSync(
                .init(
                    url: repository, backend: name, key: publicKey, root: try root.map(RepositoryRoot.read),
                    state: absolute(state), krl: absolute(krl), authority: ca.map(absolute),
                    principals: principals.map(absolute)))
            guard let every else {
                let outcome = try await sync.run()
                for warning in outcome.warnings { Terminal.error("warning: \(warning)") }
                Terminal.out("version \(outcome.version) is in place")
                return
            }
            var last: HostSync.Outcome?
            while !Task.isCancelled {
                do {
                    let outcome = try await sync.run()
                    if outcome != last {
                        for warning in outcome.warnings { Terminal.error("warning: \(warning)") }
                        Terminal.out("version \(outcome.version) is in place")
                    }
                    last = outcome
                } catch { Terminal.error("\(error)") }
                try await Task.sleep(for: .milliseconds(max(100, every.milliseconds)))
            }
        }
    }
}
