import ArgumentParser
import CurfewAPI

struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a bearer token for the HTTP API.",
        discussion: """
            Prints the token, which is shown this once, and the line for the file that `api.tokens` names. Nothing is written:
            the file holds hashes alone. A line that is taken out ends its token at once.
            Example: curfew token grafana --role viewer
            """)

    @Argument(help: "Whose it is; shown in the audit trail. Letters, digits and '.-_@', at most 64.") var name: String
    @Option(name: .long, help: "viewer (may look) or operator (may also pause, resume, sync and retry).") var role: String
    @OptionGroup var output: FormatOption

    func run() throws {
        guard let fresh = FreshToken(name: name, role: role) else {
            throw ValidationError("a name is 1 to 64 letters, digits and '.-_@', and a role is viewer or operator")
        }
        if output.format == .json { return try Terminal.json(["token": fresh.token, "line": fresh.line]) }
        Terminal.out("token  \(fresh.token)")
        Terminal.out("line   \(fresh.line)")
    }
}
