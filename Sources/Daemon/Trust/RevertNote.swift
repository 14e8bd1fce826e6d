import CurfewModel

/// What the trailers of a revert that Curfew writes say, in just this form.
struct RevertNote: Sendable, Hashable {
    /// The commit that is taken back.
    var commit: ObjectID
    /// The workload that failed or is rolled back; `nil` = all that the commit deployed.
    var workload: Name?
    /// Its bundle. Reverts of earlier versions do not name it.
    var bundle: Name?
    /// The generation that has to go.
    var generation: Generation?

    init(commit: ObjectID, workload: Name? = nil, bundle: Name? = nil, generation: Generation? = nil) {
        (self.commit, self.workload, self.bundle, self.generation) = (commit, workload, bundle, generation)
    }

    /// Reads it; `nil` unless it is all that the trailer block holds, in its own order and spelling.
    init?(_ message: String) {
        let entries = Trailers(message).entries
        guard let first = entries.first, first.key == "Curfew-Revert", let commit = ObjectID(first.value) else { return nil }
        self.init(commit: commit)
        for entry in entries.dropFirst() {
            switch entry.key {
            case "Curfew-Workload": workload = Name(entry.value)
            case "Curfew-Bundle": bundle = Name(entry.value)
            case "Curfew-Generation": generation = Generation(entry.value)
            default: return nil
            }
        }
        guard lines.elementsEqual(entries.map { "\($0.key): \($0.value)" }, by: { $0.utf8.elementsEqual($1.utf8) }) else {
            return nil
        }
    }

    /// The lines of the trailer block.
    var lines: [String] {
        var lines = ["Curfew-Revert: \(commit)"]
        if let workload { lines.append("Curfew-Workload: \(workload)") }
        if let bundle { lines.append("Curfew-Bundle: \(bundle)") }
        if let generation { lines.append("Curfew-Generation: \(generation)") }
        return lines
    }
}
