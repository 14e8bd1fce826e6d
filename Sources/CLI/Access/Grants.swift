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
        guard let status = CurfewDaemon.Status.read(StateFolder(path: configuration.state)) else {
            Terminal.error("error: no daemon has written a status in \(configuration.state) yet; start one with `curfew run`")
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
