import ArgumentParser
import CurfewDaemon
import CurfewModel

struct Rollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Revert a commit on the branch, and so roll back.",
        discussion: """
            With a workload: the commit that brought its generation. With a revision: that commit. With neither: the newest.
            --local takes effect here at once, also while the Git host is down; the revert is pushed as soon as it answers.
            Examples: curfew rollback web
                      curfew rollback --local web
                      curfew rollback 1c2d3e4f --reason "INC-4821"
            """)

    @OptionGroup var options: ConfigurationOption
    @Argument(help: "A workload or a revision.") var target: String?
    @Flag(name: .long, help: "Take effect here at once, before the revert is on the branch.") var local = false
    @Option(name: .long, help: "Why; written to the commit.") var reason: String?

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            let bench = try await Workbench(configuration: configuration, program: ownProgram())
            let rollback = try await bench.prepareRollback(of: target, local: local, reason: reason, by: askingUser())
            try await bench.carryOut(rollback)
            if let pin = rollback.pin {
                Terminal.out(
                    "\(pin.workload) goes back to revision \(pin.revision.short) here\(bench.daemon == nil ? " when Curfew runs again" : " now")"
                )
            }
            let commit = rollback.revert.commit.short
            let outcome = await bench.outcome(of: rollback, within: local ? .seconds(5) : .seconds(120))
            switch outcome.outcome {
            case .pushed(let id)?: Terminal.out("reverted \(commit) (\(rollback.summary.escapingControls)) with \(id.short)")
            case .obsolete(let why)?: Terminal.out("nothing to revert: \(why)")
            case .impossible(let why)?:
                Terminal.error("error: \(why)")
                throw ExitCode.failure
            case nil:
                let why = outcome.problem ?? "the daemon has not answered yet"
                Terminal.out("the revert of \(commit) is not on the branch yet (\(why)); Curfew goes on trying")
                if !local { throw ExitCode.failure }
            }
        }
    }
}
