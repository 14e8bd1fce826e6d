import CurfewDrivers
import CurfewModel
import Glibc
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// The checker that comes with sudo. A drop-in with an error can lock everybody out of sudo.
enum Visudo {
    static let deadline = Duration.seconds(10)

    /// Where it is.
    static func program() throws -> String {
        let places: [String] = ["/usr/sbin/visudo", "/sbin/visudo", "/usr/bin/visudo"]
        guard let found = places.first(where: { access($0, X_OK) == 0 }) else {
            throw DriverError(.missingProgram, operation: "run", subject: "visudo", "it is missing: install the package sudo")
        }
        return found
    }

    /// Why it refuses a file; `nil` when it takes it.
    /// - Throws: ``DriverError`` when it cannot be asked.
    static func refusal(of path: String) async throws -> String? {
        let program = try program()
        do {
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    let result = try await run(
                        .path(FilePath(program)), arguments: ["-c", "-f", path],
                        environment: .custom(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]),
                        output: .string(limit: 256 << 10), error: .string(limit: 256 << 10))
                    if case .exited(0) = result.terminationStatus { return nil }
                    let told = result.standardError.isEmpty ? result.standardOutput : result.standardError
                    return told.prefix(300).description.escapingControls
                }
                group.addTask {
                    try await Task.sleep(for: deadline)
                    return "no answer within 10 s"
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch {
            throw DriverError(.failed, operation: "run", subject: program, "\(error)".prefix(300).description.escapingControls)
        }
    }
}
