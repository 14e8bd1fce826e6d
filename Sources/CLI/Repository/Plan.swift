import ArgumentParser
import CurfewDaemon
import CurfewModel

struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what would be done, and do nothing.",
        discussion: """
            Exit code 0 = nothing to do, 2 = changes, 1 = error.
            Beside a running daemon the last fetched revision is planned; else the branch is fetched first.
            With --live it is the running daemon's own plan: what it is doing right now.
            Examples: curfew plan --rev HEAD~1
                      curfew plan --live
            """)

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption
    @OptionGroup var server: ServerOption
    @Flag(name: .long, help: "Show what the running daemon is doing, or the one at --server.") var live = false
    @Option(name: .long, help: "Plan for this revision instead of the branch's tip.") var rev: String?

    private struct Answer: Encodable {
        struct Step: Encodable {
            var kind: String
            var workload: Name
            var from: [Generation]
            var to: Generation?
            var drift: [Drift]
            var waitsFor: [Name]
            var explanation: String
        }
        var revision: ObjectID
        var steps: [Step]
        var holds: [PlanHold]
        var heldBundles: [HeldBundle]
        var diagnostics: [Diagnostic]
    }

    func run() async throws {
        guard !live || rev == nil else { throw ValidationError("--live is what the daemon does; it goes without --rev") }
        let remote = try await reporting { try server.remote() }
        guard live || remote == nil else { throw ValidationError("--server goes with --live") }
        let configuration = remote == nil ? try options.load() : nil
        if live {
            let plan = try await reporting { try await RemotePlan.ask(remote, configuration) }
            output.format == .json ? Terminal.out(plan.json) : plan.printText()
            if plan.isPending { throw ExitCode(2) }
            return
        }
        guard let configuration else { return }
        let pending = try await reporting {
            let bench = try await Workbench(configuration: configuration, program: ownProgram())
            let tip = try await bench.tip()
            let revision = try rev.map { try bench.resolve($0) } ?? tip
            let (plan, assembly) = try await bench.plan(for: revision)
            switch output.format {
            case .json:
                try Terminal.json(
                    Answer(
                        revision: revision,
                        steps: plan.steps.map {
                            Answer.Step(
                                kind: $0.kind.rawValue, workload: $0.workload, from: $0.from, to: $0.to, drift: $0.drift,
                                waitsFor: $0.waitsFor, explanation: $0.explanation)
                        },
                        holds: plan.holds, heldBundles: assembly.desired.held, diagnostics: assembly.diagnostics))
            case .text:
                for diagnostic in assembly.diagnostics { Terminal.out("\(diagnostic)") }
                for held in assembly.desired.held {
                    Terminal.out(
                        Terminal.paint("hold", .yellow)
                            + " bundle \(held.bundle): stays at \(held.lastGood.map(\.short) ?? "nothing")")
                }
                for hold in plan.holds { Terminal.out("\(Terminal.paint("hold", .yellow)) \(hold.explanation)") }
                for step in plan.steps { Terminal.out(step.painted) }
                let count = plan.steps.count
                Terminal.out(
                    count == 0
                        ? "nothing to do at \(revision.short)" : "\(count) change\(count == 1 ? "" : "s") at \(revision.short)")
            }
            return !plan.isEmpty
        }
        if pending { throw ExitCode(2) }
    }
}

extension PlanStep {
    fileprivate var painted: String {
        let colour: Terminal.Colour =
            switch kind {
            case .create: .green
            case .replace, .repair: .yellow
            case .resize: .blue
            case .retire: .red
            }
        let wait = waitsFor.isEmpty ? "" : " (waits for \(waitsFor.map(\.rawValue).joined(separator: ", ")))"
        guard let space = explanation.firstIndex(of: " ") else { return explanation + wait }
        return Terminal.paint(String(explanation[..<space]), colour) + explanation[space...] + wait
    }
}
