import ArgumentParser
import CurfewDaemon

struct Teardown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End every instance and the edge of this state folder.",
        discussion: """
            For taking Curfew off a machine. Refused while a daemon runs: it would start everything again.
            The state folder stays; the repository is not touched. Example: curfew teardown --yes
            """)

    @OptionGroup var options: ConfigurationOption
    @Flag(name: .long, help: "Do it. Without it, only what would be ended is shown.") var yes = false

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            let ended = try await Composition.tearDown(configuration, dryRun: !yes)
            for id in ended { Terminal.out("\(yes ? "ended" : "would end") \(id)") }
            Terminal.out(
                "\(ended.count) instance\(ended.count == 1 ? "" : "s")\(yes ? " ended, edge stopped" : "; add --yes to end them")"
            )
        }
    }
}
