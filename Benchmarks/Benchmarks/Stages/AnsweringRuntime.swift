import CurfewDrivers
import CurfewModel
import Synchronization

/// A runtime that only answers what it was given, one list after the other; the last one again and again.
final class AnsweringRuntime: Runtime {
    let name = Name(literal: "local")
    let capabilities = RuntimeCapabilities(artifacts: [.none], limits: [], volumes: false)
    let events = AsyncStream<RuntimeEvent> { $0.finish() }
    private let answers: Mutex<[[ObservedInstance]]>

    init(_ answers: [[ObservedInstance]]) { self.answers = Mutex(answers) }

    func observe() async throws -> [ObservedInstance] {
        answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] }
    }

    private var unsupported: DriverError {
        DriverError(.unsupported, operation: "use", subject: "the benchmark's runtime", "it only answers")
    }
    func prepare(_ workload: DesiredWorkload) async throws { throw unsupported }
    func start(_ id: InstanceID, of workload: DesiredWorkload) async throws -> ObservedInstance { throw unsupported }
    func stop(_ id: InstanceID, grace: Span) async throws { throw unsupported }
    func run(_ command: [String], beside id: InstanceID, timeout: Span) async throws -> Int32 { throw unsupported }
    func logTail(_ id: InstanceID, lines: Int) async throws -> [String] { throw unsupported }
    func collectGarbage(keeping artifacts: Set<String>) async throws -> Int { 0 }
}
