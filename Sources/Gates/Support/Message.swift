import CurfewModel

/// What people read in refusals.
enum Told {
    /// `alice, bob`, at most twenty.
    static func names(_ names: some Sequence<Name>) -> String {
        let sorted = names.sorted().map(\.rawValue)
        return sorted.isEmpty ? "nobody" : sorted.prefix(20).joined(separator: ", ") + (sorted.count > 20 ? ", …" : "")
    }

    /// A path, made harmless and short.
    static func quoted(_ path: RepositoryPath, _ length: Int = 80) -> String { quoted(path.shown, length) }

    /// Text of somebody else's, made harmless and short.
    static func quoted(_ text: String, _ length: Int = 80) -> String {
        // Scalars, since one character may have any number of them.
        let scalars = text.unicodeScalars
        let end = scalars.index(scalars.startIndex, offsetBy: length, limitedBy: scalars.endIndex) ?? scalars.endIndex
        return "'" + String(scalars[..<end]).escapingControls + (end < scalars.endIndex ? "…" : "") + "'"
    }
}

extension PathChange {
    /// Whether it is about that folder of the root, or about something that stands in the folder's place.
    func isIn(_ folder: RepositoryPath) -> Bool { path.isIn(folder) }
}

extension BranchStep {
    /// Whether this is a merge that brings nothing of its own: every change is one that a merged commit made, as it made it.
    /// Only then is signing it an act of approval. Of several branches at once nobody has seen the sum. What a stale branch merely still has is no change of anybody's: a merge
    /// that takes it would roll newer content back.
    var mergesOnly: Bool {
        guard commit.parents.count == 2, !merged.isEmpty else { return false }
        let made = Set(merged.flatMap { commit in commit.changes.map { Made(path: $0.path, blob: $0.new) } })
        return commit.changes.allSatisfy { $0.isFromMergedParent && made.contains(Made(path: $0.path, blob: $0.new)) }
    }

    private struct Made: Hashable {
        var path: RepositoryPath
        var blob: ObjectID?
    }
}
