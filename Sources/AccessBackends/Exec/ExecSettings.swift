import CurfewModel

/// What a role says for this backend, checked.
struct ExecSettings: Hashable, Sendable {
    /// The workloads whose instances may be entered, 1 to 64.
    var workloads: [Name]
    /// The only argument vectors that may be run; `nil` = any.
    var commands: [[String]]?

    private static let known = ["commands", "workloads"]

    /// Reads them; all problems at once, and no value when there is one.
    static func read(_ settings: [String: Setting], for person: Person) -> (value: ExecSettings?, problems: [String]) {
        var problems = settings.keys.sorted().filter { !known.contains($0) }.map {
            "unknown setting '\(shown($0))'; there are: \(known.joined(separator: ", "))"
        }
        if person.loginKeys.isEmpty {
            problems.append("\(person.name) has no loginKeys: the way in is opened with one of them")
        }
        var value = ExecSettings(workloads: [])
        switch settings["workloads"]?.texts {
        case let texts? where (1...64).contains(texts.count):
            for text in texts {
                guard let name = Name(text) else {
                    problems.append("workloads: '\(shown(text))' is no name of a workload")
                    continue
                }
                value.workloads.append(name)
            }
        default: problems.append("workloads has to be a list of 1 to 64 names of workloads")
        }
        if let setting = settings["commands"] {
            let (commands, found) = vectors(setting)
            (value.commands, problems) = (commands, problems + found)
        }
        return (problems.isEmpty ? value : nil, problems)
    }

    /// Each entry is an argument vector: a list of words, or one text that is split at single spaces.
    private static func vectors(_ setting: Setting) -> ([[String]], [String]) {
        guard case .list(let items) = setting, (1...64).contains(items.count) else {
            return ([], ["commands has to be a list of 1 to 64 commands, such as [[sh], [psql, -U, app]]"])
        }
        var (vectors, problems): ([[String]], [String]) = ([], [])
        for item in items {
            var words: [String]?
            switch item {
            case .text(let text): words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            case .list(let list): words = list.isEmpty ? nil : item.texts
            default: words = nil
            }
            guard let words, let program = words.first, !program.isEmpty else {
                problems.append(
                    "commands: each has to be a list of words that begins with a program, or one text with single spaces")
                continue
            }
            if item.text != nil, words.contains("") {
                problems.append("commands: '\(shown(item.text ?? ""))' has two spaces in a row; write it as a list of words")
            } else if words.contains(where: { $0.utf8.contains(0) }) {
                problems.append("commands: '\(shown(program))' has a NUL in it")
            } else {
                vectors.append(words)
            }
        }
        return (vectors, problems)
    }

    private static func shown(_ text: String) -> String { text.prefix(60).description.escapingControls }
}
