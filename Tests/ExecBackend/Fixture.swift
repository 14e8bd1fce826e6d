import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Glibc
import Synchronization

@testable import CurfewExecBackend

/// A person with a key that is one by its form.
let alice = Person(
    name: Name(literal: "alice"), emails: [],
    loginKeys: [
        SSHPublicKey("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB")
    ].compactMap { $0 })

let settings: [String: Setting] = ["workloads": .list([.text("orders-api")])]

/// A clock that tests set.
final class TestClock: Sendable {
    private let ahead = Mutex(Span.zero)
    var now: Instant { Instant.current + ahead.withLock { $0 } }
    func advance(_ span: Span) { ahead.withLock { $0 = Span(milliseconds: $0.milliseconds + span.milliseconds) } }
}

/// Somebody who is in, and leaves when told to; or does not.
final class FakeSession: ExecSession {
    let id: String
    let grant: GrantID
    let reasons = Mutex<[String]>([])
    private let backend: ExecBackend
    private let obeys: Bool

    init(_ id: String, _ grant: GrantID, in backend: ExecBackend, obeys: Bool = true) {
        (self.id, self.grant, self.backend, self.obeys) = (id, grant, backend, obeys)
    }

    func cut(_ why: String) async {
        reasons.withLock { $0.append(why) }
        if obeys { await backend.finish(self, how: "cut: \(why)", entered: true) }
    }
}

func backend(_ scratch: Scratch, clock: TestClock = TestClock()) async throws -> ExecBackend {
    let backend = ExecBackend(
        configuration: ExecBackendConfiguration(
            name: Name(literal: "shell"), folder: scratch.file("access/shell"), runtime: Name(literal: "docker")),
        now: { clock.now })
    try await backend.open()
    return backend
}

func order(
    _ name: StaticString = "one", settings: [String: Setting] = settings, from start: Instant, lasting: Span = .seconds(600)
) -> AccessOrder {
    AccessOrder(
        id: GrantID(name: Name(literal: name), blob: .random()), person: alice, settings: settings, start: start,
        end: start + lasting, reason: "INC-1: look")
}

func entry(_ grant: GrantID, _ workload: StaticString = "orders-api", _ command: [String] = ["sh"]) throws -> ExecEntry {
    guard let instance = InstanceID("orders-api-1") else { throw ContractViolation("no id") }
    return ExecEntry(grant: grant, workload: Name(literal: workload), instance: instance, command: command)
}

extension Instant {
    /// The system's clock.
    static var current: Instant {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Instant(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }
}
