import ArgumentParser
import CurfewDaemon
import CurfewGitSource
import CurfewModel

struct Trust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What signatures are checked against.", subcommands: [TrustExport.self])
}

struct TrustExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print an allowed_signers file, so that git itself can verify the branch.",
        discussion: """
            Example: curfew trust export > allowed_signers
                     git -c gpg.ssh.allowedSignersFile=allowed_signers verify-commit HEAD
            """)

    @OptionGroup var clone: CloneOptions
    @Option(name: .long, help: "The revision whose policies count.") var rev = "HEAD"
    @Option(name: .long, help: ArgumentHelp("Also the key that this configuration signs with.", valueName: "file")) var config:
        String?

    func run() async throws {
        try await reporting {
            let clone = try await clone.open()
            let view = try await PolicyView(clone, at: try await clone.resolve(rev))
            for person in view.policies.set.persons.values.sorted(by: { $0.name < $1.name }) {
                for key in person.signingKeys {
                    var options = "namespaces=\"git\""
                    if let from = key.validFrom { options += ",valid-after=\"\(from.compact)\"" }
                    if let until = key.validUntil { options += ",valid-before=\"\(until.compact)\"" }
                    Terminal.out("\(person.emails.joined(separator: ",")) \(options) \(key.key.line)")
                }
            }
            guard let config else { return }
            var option = ConfigurationOption()
            option.config = config
            let configuration = try option.load()
            if let key = try await Composition.trustRules(of: configuration).curfewKey {
                Terminal.out("\(configuration.identity.email) namespaces=\"git\" \(key.line)")
            }
        }
    }
}

extension Instant {
    /// `20261123081542Z`, as OpenSSH writes it.
    var compact: String { timestamp.filter { $0.isNumber || $0 == "Z" } }
}
