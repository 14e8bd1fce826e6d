import CurfewDrivers
import CurfewModel
import CurfewSystem
import Glibc

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

    /// Why it refuses a file; `nil` when it takes it. Suspends: what else the backend does goes on meanwhile.
    /// - Throws: ``DriverError`` when it cannot be asked.
    static func refusal(of path: String) async throws -> String? {
        let program = try program()
        let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]
        do {
            let result = try await Program(program, ["-c", "-f", path], environment: environment)
                .runCancellable(within: deadline)
            if result.isSuccess { return nil }
            return (result.errors.isEmpty ? result.text : result.complaint).prefix(300).description.escapingControls
        } catch {
            throw DriverError(.failed, operation: "run", subject: program, error.message.escapingControls)
        }
    }
}
