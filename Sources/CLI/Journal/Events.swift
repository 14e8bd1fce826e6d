import ArgumentParser
import CurfewDaemon
import CurfewJournal
import CurfewModel

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what Curfew did, when and why.",
        discussion: """
            Examples: curfew events --follow
                      curfew events --workload web --kind rollout
                      curfew events --verify
            """)

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption
    @Flag(name: [.customShort("f"), .long], help: "Go on as events come in.") var follow = false
    @Flag(name: .long, help: "Check the hash chain. Exit code 0 = whole, 1 = broken.") var verify = false
    @Option(name: [.customShort("n"), .long], help: "How many of the newest events.") var last = 50
    @Option(name: .long, help: "Only about this workload.") var workload: String?
    @Option(name: .long, help: "Only kinds that begin with this: rollout, revert, source, …") var kind: String?

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            guard (1...100_000).contains(last) else { throw ValidationError("--last takes a number from 1 to 100000") }
            if let workload, Name(workload) == nil { throw ValidationError("'\(workload)' is no workload's name") }
            let journal = try Journal.reader(path: StateFolder(path: configuration.state).journal)
            if verify { return try report(try await journal.verify()) }
            let name = workload.flatMap { Name($0) }
            var seen: Int64 = 0
            for event in try await journal.last(last, kind: kind, workload: name) {
                try show(event)
                seen = event.sequence
            }
            while follow {
                try await Task.sleep(for: .milliseconds(200))
                for event in try await journal.events(after: seen, limit: 1000, kind: kind, workload: name) {
                    try show(event)
                    seen = event.sequence
                }
            }
        }
    }

    private func report(_ chain: ChainReport) throws {
        if let broken = chain.brokenAt {
            Terminal.error("error: the chain is broken at event \(broken): \(chain.problem ?? "its hash does not fit")")
            throw ExitCode.failure
        }
        Terminal.out("\(chain.count) events, chain whole, head \(chain.head)")
    }

    private func show(_ event: JournalEvent) throws {
        if output.format == .json { return try Terminal.json(event) }
        let colour: Terminal.Colour =
            event.kind.hasSuffix("failed") || event.kind == "problem"
            ? .red : event.kind.hasPrefix("revert") ? .yellow : event.kind.hasPrefix("rollout") ? .green : .grey
        Terminal.out("\(event.at.text)  \(Terminal.paint(event.kind, colour))  \(event.message.escapingControls)")
    }
}
