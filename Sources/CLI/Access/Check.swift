import ArgumentParser
import CurfewDaemon
import CurfewGates
import CurfewGitSource
import CurfewModel

/// How the verdicts are written.
enum CheckFormat: String, ExpressibleByArgument, CaseIterable { case text, json, markdown }

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What a merge would deploy, give and take: every commit's and every grant's verdict.",
        discussion: """
            Exit code 0 = all would be taken, 1 = not. --format markdown is made for a comment on a pull request.
            Example: curfew check origin/main..HEAD --format markdown
            """)

    @OptionGroup var clone: CloneOptions
    @OptionGroup var rules: RulesOptions
    @Option(name: .long, help: "How the answer is written.") var format = CheckFormat.text
    @Argument(help: "BASE..HEAD; the default is what HEAD has above the branch.") var range: String?

    struct Report: Encodable {
        struct Step: Encodable {
            var commit: ObjectID
            var summary: String
            var verdict: String
            var reasons: [String]
        }
        var commits: [Step]
        var grants: [GrantVerdict]
        var effects: MergeEffects
        var isGood: Bool
    }

    func run() async throws {
        try await reporting {
            let clone = try await clone.open()
            let (base, head) = try await CommitRange.resolve(
                range ?? "refs/remotes/\(clone.remote)/\(clone.branch)..HEAD", in: clone)
            let inspection = try await rules.inspection(of: clone)
            let steps = try await inspection.steps(from: base, to: head)
            let known = Set(try await PolicyView(clone, at: base).grants.files.map(\.id))
            let grants = try await inspection.grants(at: head, onto: base, backends: rules.backends()).filter {
                !known.contains($0.id)
            }
            let effects = try MergeEffects(from: base, to: head, in: clone, configuration: rules.configuration())
            let report = Self.report(steps, grants, effects)
            switch format {
            case .json: try Terminal.json(report)
            case .text: Self.tell(report)
            case .markdown: Terminal.out(Self.markdown(report))
            }
            if !report.isGood { throw ExitCode.failure }
        }
    }

    private static func report(_ steps: [Inspection.StepReport], _ grants: [GrantVerdict], _ effects: MergeEffects) -> Report {
        var good = effects.mistakes.isEmpty
        let commits = steps.map { step in
            var (verdict, reasons): (String, [String])
            switch step.verdict {
            case .accepted(let signer, let approvers):
                verdict = "accepted"
                reasons = ["signed by \(signer?.rawValue ?? "Curfew")"]
                if !approvers.isEmpty { reasons.append("approved by \(approvers.map(\.rawValue).joined(separator: ", "))") }
            case .waits(let until, let why): (verdict, reasons) = ("waits until \(until.text)", why)
            case .refused(let why):
                (verdict, reasons) = ("refused", why)
                good = false
            }
            let summary = String(step.commit.message.prefix { !$0.isNewline }.prefix(100)).escapingControls
            return Report.Step(commit: step.commit.id, summary: summary, verdict: verdict, reasons: reasons)
        }
        for grant in grants {
            switch grant.state {
            case .refused, .pending: good = false
            default: break
            }
        }
        return Report(commits: commits, grants: grants, effects: effects, isGood: good)
    }

    private static func tell(_ report: Report) {
        for step in report.commits {
            let colour: Terminal.Colour = step.verdict == "accepted" ? .green : step.verdict == "refused" ? .red : .yellow
            Terminal.out("\(step.commit.short) \(step.summary): \(Terminal.paint(step.verdict, colour))")
            for reason in step.reasons { Terminal.out("  \(reason.escapingControls)") }
        }
        for line in report.effects.lines { Terminal.out(line.escapingControls) }
        for grant in report.grants { Explain.tell(grant) }
        if report.commits.isEmpty, report.grants.isEmpty, report.effects.lines.isEmpty { Terminal.out("nothing would change") }
    }

    /// Text from a repository, harmless in a table of Markdown.
    private static func cell(_ text: String) -> String {
        text.escapingControls.replacing("|", with: "\\|").replacing("<", with: "&lt;").replacing("`", with: "'")
    }

    private static func markdown(_ report: Report) -> String {
        var lines = [report.isGood ? "**Curfew: everything would be taken.**" : "**Curfew: this would not be taken.**", ""]
        if !report.commits.isEmpty {
            lines += ["| Commit | | Verdict | Why |", "|---|---|---|---|"]
            for step in report.commits {
                let why = step.reasons.map(cell).joined(separator: "<br>")
                lines.append("| \(step.commit.short) | \(cell(step.summary)) | \(cell(step.verdict)) | \(why) |")
            }
        }
        if !report.effects.lines.isEmpty { lines += [""] + report.effects.lines.map { "- \(cell($0))" } }
        for grant in report.grants {
            lines += ["", "**\(grant.id.name)**: \(cell(Explain.words(grant.state)))", "", "| Gate | | |", "|---|---|---|"]
            for gate in grant.gates {
                let mark = gate.passes.map { $0 ? "ok" : "no" } ?? "waits"
                lines.append("| \(cell(gate.gate)) | \(mark) | \(cell(gate.text)) |")
            }
            if !grant.couldApprove.isEmpty {
                lines.append("\nCould approve: \(grant.couldApprove.map(\.rawValue).joined(separator: ", "))")
            }
        }
        return lines.joined(separator: "\n")
    }
}
