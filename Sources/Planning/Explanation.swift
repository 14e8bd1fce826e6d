import CurfewModel

/// The one-line texts of a plan. Everything that comes from a repository or a runtime is escaped and bounded here.
enum Explanation {
    /// Hostile text as it may be printed: no control characters, at most `limit` scalars before escaping.
    static func quoted(_ text: String, limit: Int = 160) -> String {
        let head = text.unicodeScalars.prefix(limit + 1)
        if head.count <= limit { return String(String.UnicodeScalarView(head)).escapingControls }
        return String(String.UnicodeScalarView(head.prefix(limit))).escapingControls + "…"
    }

    static func create(_ name: Name, _ desired: DesiredWorkload, _ attribution: Attribution?) -> String {
        "create \(name): \(count(desired.workload.replicas, "instance")) of generation \(desired.generation.short)"
            + (attribution.map { ", brought in \(who($0))" } ?? "")
    }

    static func replace(
        _ name: Name, from: [Generation], _ desired: DesiredWorkload, oldParts: GenerationParts, _ attribution: Attribution?
    ) -> String {
        let keys = Set(oldParts.keys).union(desired.parts.keys)
        let changed = oldParts.isEmpty ? [] : keys.filter { oldParts[$0] != desired.parts[$0] }.sorted()
        return "replace \(name): generation \(from.map(\.short).joined(separator: ", ")) → \(desired.generation.short), "
            + "because \(changed.isEmpty ? "its generation" : list(changed.map { quoted($0, limit: 32) })) changed"
            + (attribution.map { " in \(who($0))" } ?? "")
    }

    static func repair(_ name: Name, _ faults: [Drift]) -> String {
        let shown = faults.prefix(3).map { "\($0.instance?.rawValue ?? "?"): \($0.detail)" }.joined(separator: "; ")
        return "repair \(name): \(shown)" + (faults.count > 3 ? "; and \(faults.count - 3) more" : "")
    }

    static func retire(_ name: Name, _ attribution: Attribution?) -> String {
        "retire \(name): left the manifests" + (attribution.map { " in \(who($0))" } ?? "")
    }

    static func unreachable(_ name: Name, runtime: Name, _ reason: String) -> String {
        "hold \(name): the runtime \(runtime) does not answer (\(quoted(reason))); what runs there is left as it is"
    }

    static func failed(_ name: Name, _ generation: Generation, _ failure: WorkloadMemory.Failure, pause: Span) -> String {
        "hold \(name): generation \(generation.short) has failed \(count(failure.attempts, "time")), last: "
            + "\(quoted(failure.reason)); tried again in \(pause), or merge a fix"
    }

    static func heldBundle(_ name: Name, _ bundle: HeldBundle) -> String {
        let why = bundle.diagnostics.first.map { " (\(quoted($0.description)))" } ?? ""
        return "keep \(name): its bundle \(bundle.bundle) is held\(why); mend it, or remove the workload there"
    }

    static func pruneGuard(_ name: Name, going: Int, of observed: Int, limit: Double) -> String {
        "keep \(name): \(going) of \(observed) workloads that run would be retired, over the limit of "
            + "\(Int(limit * 100 + 0.5)) %; if that is meant, commit with the trailer Curfew-Allow-Prune: yes"
    }

    private static func who(_ attribution: Attribution) -> String {
        "\(attribution.commit.short) by \(quoted(attribution.author, limit: 64))"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// `a`, `a and b`, `a, b and c`.
    private static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
