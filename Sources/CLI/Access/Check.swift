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
            With --pre-receive it is a hook of the repository itself: it reads git's lines, and refuses a push that Curfew would
            not take.
            Examples: curfew check origin/main..HEAD --format markdown
                      curfew check --pre-receive --root 1c2d… --owner dave --curfew-key /etc/curfew/curfew.pub
            """)

    @OptionGroup var clone: CloneOptions
    @OptionGroup var rules: RulesOptions
    @Option(name: .long, help: "How the answer is written.") var format = CheckFormat.text
    @Flag(name: .long, help: "Run as the pre-receive hook of the repository that is pushed to.") var preReceive = false
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
        if preReceive { return try await reporting { try await judgePush() } }
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
            case .markdown: Terminal.out(report.markdown)
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
}
