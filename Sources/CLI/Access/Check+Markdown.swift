import CurfewGates
import CurfewModel

extension Check.Report {
    /// A comment for a pull request. Whatever the repository says stands in it as inert text.
    var markdown: String {
        func inert(_ text: String) -> String { InertText.markdown(text) }
        var lines = [isGood ? "**Curfew: everything would be taken.**" : "**Curfew: this would not be taken.**", ""]
        if !commits.isEmpty {
            lines += ["| Commit | | Verdict | Why |", "|---|---|---|---|"]
            for step in commits {
                let why = step.reasons.map(inert).joined(separator: "<br>")
                lines.append("| \(inert(step.commit.short)) | \(inert(step.summary)) | \(inert(step.verdict)) | \(why) |")
            }
        }
        if !effects.lines.isEmpty { lines += [""] + effects.lines.map { "- \(inert($0))" } }
        for grant in grants {
            lines += ["", "**Grant** \(inert(grant.id.name.rawValue)): \(inert(Explain.words(grant.state)))", ""]
            lines += ["| Gate | | |", "|---|---|---|"]
            for gate in grant.gates {
                let mark = gate.passes.map { $0 ? "ok" : "no" } ?? "waits"
                lines.append("| \(inert(gate.gate)) | \(mark) | \(inert(gate.text)) |")
            }
            if !grant.couldApprove.isEmpty {
                let names = grant.couldApprove.map(\.rawValue).joined(separator: ", ")
                lines += ["", inert("Could approve: \(names)")]
            }
        }
        return lines.joined(separator: "\n")
    }
}
