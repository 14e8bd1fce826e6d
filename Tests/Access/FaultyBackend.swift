import CurfewDrivers
import CurfewModel
import Synchronization

/// A backend in memory some of whose calls do not come back before they are let go.
final class FaultyBackend: AccessBackend {
    enum Call: String, Hashable, Sendable, CaseIterable { case open, give, end, probe, observe, evidence, published }
    private struct State {
        var given: Set<GrantID> = []
        /// When the end of each was asked for first.
        var ended: [GrantID: Instant] = [:]
        var endCount: [GrantID: Int] = [:]
        var out: [String: Int] = [:]
        var mostOut: [Call: Int] = [:]
        var hanging: [CheckedContinuation<Void, Never>] = []
        var isReleased = false
        var decide: @Sendable (Call, Int) -> Bool
        var count = 0
    }
    let name: Name
    let capabilities = AccessCapabilities(selfExpiring: true, cutsSessions: false, tellsUse: true)
    private let state: Mutex<State>
    private let now: @Sendable () -> Instant

    /// - Parameter hangs: whether a call, the n-th of this backend, hangs.
    init(_ name: String, now: @escaping @Sendable () -> Instant, hangs: @escaping @Sendable (Call, Int) -> Bool) {
        self.name = Name(name) ?? Name(literal: "backend")
        self.now = now
        state = Mutex(State(decide: hangs))
    }

    func problems(with settings: [String: Setting], for person: Person) -> [String] { [] }

    /// Waits, perhaps for ever, whether it is cancelled or not.
    private func pass(_ call: Call, _ ids: [GrantID] = []) async {
        let keys = ids.isEmpty ? ["\(call)"] : ids.map { "\(call) \($0)" }
        let hangs = state.withLock { state in
            state.count += 1
            for key in keys {
                state.out[key, default: 0] += 1
                state.mostOut[call] = max(state.mostOut[call] ?? 0, state.out[key] ?? 0)
            }
            return !state.isReleased && state.decide(call, state.count)
        }
        if hangs {
            await withCheckedContinuation { continuation in
                let isReleased = state.withLock { state in
                    if !state.isReleased { state.hanging.append(continuation) }
                    return state.isReleased
                }
                if isReleased { continuation.resume() }
            }
        }
        state.withLock { state in for key in keys { state.out[key, default: 1] -= 1 } }
    }

    /// Lets go of everything that hangs, now and later.
    func release() {
        let hanging = state.withLock { state in
            state.isReleased = true
            defer { state.hanging = [] }
            return state.hanging
        }
        for continuation in hanging { continuation.resume() }
    }

    var ended: [GrantID: Instant] { state.withLock { $0.ended } }
    var given: Set<GrantID> { state.withLock { $0.given } }
    func endings(of id: GrantID) -> Int { state.withLock { $0.endCount[id] ?? 0 } }
    func mostOut(_ call: Call) -> Int { state.withLock { $0.mostOut[call] ?? 0 } }

    func open() async throws { await pass(.open) }

    func give(_ order: AccessOrder) async throws -> [Credential] {
        await pass(.give, [order.id])
        // A target that does not know yet of an end that came meanwhile.
        state.withLock { _ = $0.given.insert(order.id) }
        return []
    }

    func end(_ ids: [GrantID]) async throws {
        let moment = now()
        state.withLock { state in
            for id in ids {
                state.ended[id] = state.ended[id] ?? moment
                state.endCount[id, default: 0] += 1
            }
        }
        await pass(.end, ids)
        state.withLock { $0.given.subtract(ids) }
    }

    func probe(_ ids: [GrantID]) async throws -> [GrantID: AccessProbe] {
        await pass(.probe, ids)
        let given = given
        return Dictionary(ids.map { ($0, given.contains($0) ? .alive("it is there") : .gone("it is not there")) }) { $1 }
    }

    func observe() async throws -> [ObservedAccess] {
        await pass(.observe)
        return given.map { ObservedAccess(grant: $0, subject: "\($0)", end: nil) }
    }

    func evidence(_ id: GrantID) async throws -> AccessEvidence {
        await pass(.evidence, [id])
        return AccessEvidence(used: false)
    }

    func removeForeign(_ access: ObservedAccess) async throws {}

    func published() async throws -> [String: [UInt8]]? {
        await pass(.published)
        return nil
    }
}
