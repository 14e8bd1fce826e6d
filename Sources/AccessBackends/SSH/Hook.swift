import CurfewModel
import CurfewSystem

/// A program that ends sessions on other hosts. Run by its words, never through a shell.
struct Hook: Sendable {
    let words: [String]
    static let timeout = Duration.seconds(20)
    /// How many run side by side.
    private static let width = 8

    /// Runs it for each grant; what went wrong.
    func run(_ grants: [(id: GrantID, principals: [String])]) async -> [String] {
        guard !words.isEmpty else { return [] }
        return await withTaskGroup(of: String?.self) { group in
            var problems: [String] = []
            for (index, grant) in grants.enumerated() {
                if index >= Self.width, let problem = await group.next() ?? nil { problems.append(problem) }
                group.addTask { await run(grant.id, grant.principals) }
            }
            for await problem in group { if let problem { problems.append(problem) } }
            return problems
        }
    }

    /// The argument vector for one grant.
    func filled(_ id: GrantID, _ principals: [String]) -> [String] {
        words.map {
            $0.replacing("{grant}", with: id.description).replacing("{serial}", with: "\(id.serial)")
                .replacing("{principal}", with: principals.joined(separator: ","))
        }
    }

    private func run(_ id: GrantID, _ principals: [String]) async -> String? {
        let filled = filled(id, principals)
        guard let name = filled.first, name.hasPrefix("/") else { return "the hook has to begin with an absolute path" }
        do {
            switch try await Program(name, Array(filled.dropFirst())).run(within: Self.timeout).status {
            case .exited(0): return nil
            case .exited(let code): return "the hook ended with \(code) for \(id)"
            case .signalled(let signal): return "the hook was ended by signal \(signal) for \(id)"
            }
        } catch {
            // Much output is no failure of the hook: nobody reads it.
            if error.code == .tooLarge { return nil }
            return error.code == .timedOut ? "the hook did not end within 20 s for \(id)" : "the hook cannot be run: \(error)"
        }
    }
}
