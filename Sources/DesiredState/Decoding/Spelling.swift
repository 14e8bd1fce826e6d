/// Finds what somebody meant who misspelt a name.
enum Spelling {
    /// `; did you mean 'replicas'?`, or nothing when no name is near.
    static func hint(_ word: String, among names: some Sequence<String>) -> String {
        nearest(word, among: names).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// The nearest name, when it is near: a third of its letters may differ, two at least.
    static func nearest(_ word: String, among names: some Sequence<String>) -> String? {
        // Names from a repository can be long and many: what cannot be near is not measured.
        guard word.utf8.count <= 64 else { return nil }
        var best: (name: String, distance: Int)?
        let letters = Array(word.lowercased().utf8)
        for name in names {
            let allowed = min(max(2, name.utf8.count / 3), best.map { $0.distance - 1 } ?? .max)
            guard allowed >= 0, abs(name.utf8.count - letters.count) <= allowed else { continue }
            let distance = distance(letters, Array(name.lowercased().utf8))
            if distance <= allowed, distance < name.utf8.count { best = (name, distance) }
        }
        return best?.name
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                var cost = min(previous[column + 1] + 1, current[column] + 1)
                cost = min(cost, previous[column] + (left[row] == right[column] ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, before[column - 1] + 1)
                }
                current.append(cost)
            }
            (before, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
