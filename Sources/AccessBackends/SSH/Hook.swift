import CurfewModel
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

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
        guard let program = filled.first, program.hasPrefix("/") else { return "the hook has to begin with an absolute path" }
        do {
            let code = try await withThrowingTaskGroup(of: Int32?.self) { group in
                group.addTask {
                    let result = try await Subprocess.run(
                        .path(FilePath(program)), arguments: Arguments(Array(filled.dropFirst())), output: .discarded,
                        error: .discarded)
                    if case .exited(let code) = result.terminationStatus { return Int32(code) }
                    return 128
                }
                group.addTask {
                    try await Task.sleep(for: Self.timeout)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            switch code {
            case 0?: return nil
            case let code?: return "the hook ended with \(code) for \(id)"
            case nil: return "the hook did not end within 20 s for \(id)"
            }
        } catch { return "the hook cannot be run: \(error)" }
    }
}
