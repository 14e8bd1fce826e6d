import ArgumentParser
import CurfewDaemon

struct ShowVersion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.", discussion: "Example: curfew version --format json")

    @OptionGroup var output: FormatOption

    func run() throws {
        if output.format == .json {
            try Terminal.json(["version": Version.current])
        } else {
            Terminal.out("curfew \(Version.current)")
        }
    }
}
