import ArgumentParser
import CurfewDesiredState

struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the JSON Schema of a kind, for editors.",
        discussion: "Example: curfew schema Workload > workload.schema.json")

    @Argument(help: "The kind; without it, the kinds there are.", completion: .list(CurfewDesiredState.Schema.kinds)) var kind:
        String?

    func run() throws {
        guard let kind else { return CurfewDesiredState.Schema.kinds.forEach { Terminal.out($0) } }
        guard let schema = CurfewDesiredState.Schema.json(for: kind) else {
            Terminal.error(
                "error: there is no kind '\(kind)'; there are: \(CurfewDesiredState.Schema.kinds.joined(separator: ", "))")
            throw ExitCode.failure
        }
        Terminal.out(schema)
    }
}
