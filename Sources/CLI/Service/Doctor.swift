import ArgumentParser
import CurfewDaemon

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every program and permission that Curfew needs here.",
        discussion: "Exit code 0 = all that is needed is there, 1 = something is missing.\nExample: curfew doctor")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption

    func run() async throws {
        let checks = await Checkup.run(configuration: try? options.load())
        if output.format == .json {
            try Terminal.json(checks)
        } else {
            for check in checks {
                let mark =
                    switch check.result {
                    case .good: Terminal.paint("ok     ", .green)
                    case .limited: Terminal.paint("limited", .yellow)
                    case .missing: Terminal.paint("missing", .red)
                    }
                Terminal.out("\(mark) \(check.subject): \(check.detail)")
            }
        }
        if checks.contains(where: { $0.result == .missing }) { throw ExitCode.failure }
    }
}
