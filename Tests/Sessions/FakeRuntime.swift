import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Synchronization

/// A runtime whose instances are this machine: who enters one gets a real local process on a real terminal or real pipes.
final class FakeRuntime: InteractiveRuntime {
    let name = Name(literal: "docker")
    let capabilities = RuntimeCapabilities(artifacts: [.image], limits: [], volumes: false)
    let events = AsyncStream<RuntimeEvent> { _ in }
    let entries = AsyncStream<ObservedEntry> { _ in }
    let instances = Mutex<[ObservedInstance]>([])
    /// Set: the engine never says that a command has ended.
    let hangs = Mutex(false)
    /// Set: nothing can be begun.
    let isDown = Mutex(false)
    let sessions = Mutex<[LocalProcess]>([])

    /// Makes running instances of a workload.
    func add(_ workload: StaticString, _ ids: String...) throws {
        let generation = Generation(String(repeating: "a", count: 64))
        for id in ids {
            guard let id = InstanceID(id), let generation else { throw ContractViolation(id) }
            instances.withLock {
                $0.append(
                    ObservedInstance(
                        id: id, workload: Name(literal: workload), generation: generation, state: .running,
                        createdAt: Instant(milliseconds: Int64($0.count))))
            }
        }
    }

    func enter(_ id: InstanceID, command: [String], terminal: TerminalSize?) async throws -> any EntrySession {
        guard !isDown.withLock({ $0 }) else { throw fail("the engine is down") }
        guard instances.withLock({ $0.contains { $0.id == id } }) else { throw fail("there is no such instance") }
        let process = try LocalProcess(command, terminal: terminal, hangs: hangs.withLock { $0 })
        sessions.withLock { $0.append(process) }
        return process
    }

    func observe() async throws -> [ObservedInstance] { instances.withLock { $0 } }
    func entries(since: Instant) async throws -> [ObservedEntry] { [] }
    func prepare(_ workload: DesiredWorkload) async throws {}
    func start(_ id: InstanceID, of workload: DesiredWorkload) async throws -> ObservedInstance { throw fail("not here") }
    func stop(_ id: InstanceID, grace: Span) async throws {}
    func run(_ command: [String], beside id: InstanceID, timeout: Span) async throws -> Int32 { 0 }
    func logTail(_ id: InstanceID, lines: Int) async throws -> [String] { [] }
    func collectGarbage(keeping artifacts: Set<String>) async throws -> Int { 0 }

    private func fail(_ message: String) -> DriverError {
        DriverError(.failed, operation: "enter", subject: "instance", message)
    }
}
