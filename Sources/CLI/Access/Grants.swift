import ArgumentParser
import CurfewDaemon
import CurfewModel

struct Grants: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who has access just now, and who asked.",
        discussion: "Example: curfew grants --format json")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption

    func run() throws {
        let configuration = try options.load()
        let state = StateFolder(path: configuration.state)
        guard let status = CurfewDaemon.Status.read(state) else {
            Terminal.error(
                state.isReadable
                    ? "error: no daemon has written a status in \(state.path) yet; start one with `curfew run`"
                    : "error: \(state.path) is not there, or open to its own account alone; start `curfew run`, or use sudo")
            throw ExitCode.failure
        }
        if output.format == .json { return try Terminal.json(status.grants) }
        guard !status.grants.isEmpty else { return Terminal.out("nobody has access") }
        var rows = [["GRANT", "PERSON", "ROLE", "STATE", "UNTIL", ""]]
        for grant in status.grants {
            rows.append([
                grant.name.rawValue, grant.person?.rawValue ?? "?", grant.role?.rawValue ?? "?", grant.state,
                grant.end?.text ?? "", grant.reasons.first?.escapingControls ?? "",
            ])
        }
        Terminal.table(rows)
    }
}
