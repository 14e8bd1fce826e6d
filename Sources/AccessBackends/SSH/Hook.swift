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

    /// Runs it for one grant; what went wrong, or `nil`.
    func run(grant: GrantID) async -> String? {
        let filled = words.map {
            $0.replacing("{grant}", with: grant.description).replacing("{serial}", with: "\(grant.serial)")
        }
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
            case let code?: return "the hook ended with \(code) for \(grant)"
            case nil: return "the hook did not end within 20 s for \(grant)"
            }
        } catch { return "the hook cannot be run: \(error)" }
    }
}
