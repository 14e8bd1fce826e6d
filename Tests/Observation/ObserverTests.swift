import CurfewDrivers
import CurfewModel
import CurfewObservation
import CurfewTestSupport
import Testing

@Suite struct ObserverTests {
    @Test(.timeLimit(.minutes(1))) func aFailingAndAHangingRuntimeAreUnreachable() async {
        let prober = Prober { _, _, _ in 0 }
        let good = FakeRuntime("good") { [instance("a-1")] }
        let bad = FakeRuntime("bad") {
            throw DriverError(.unreachable, operation: "ask", subject: "it", "no\nbody")
        }
        let stuck = FakeRuntime("stuck") { await hang() }
        let observer = Observer(runtimes: [good, bad, stuck], edge: nil, prober: prober, deadline: .milliseconds(100))
        for _ in 0..<3 {
            let seen = await observer.observe()
            #expect(seen.instances[Name(literal: "a")]?.map(\.id.rawValue) == ["a-1"])
            #expect(seen.unreachable[Name(literal: "bad")] == "ask it: no\\u{a}body")
            #expect(seen.unreachable[Name(literal: "stuck")] == "no answer within 100ms")
            #expect(seen.unreachable.count == 2)
            #expect(seen.edge == nil)
        }
        // Asked thrice, but the first question still hangs: there is one task in it, not three.
        #expect(await stuck.count.value == 1)
        #expect(await bad.count.value == 3)
        await prober.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func aHangingEdgeHoldsUpNobody() async {
        let prober = Prober { _, _, _ in 0 }
        let observer = Observer(
            runtimes: [FakeRuntime("good") { [instance("a-1")] }], edge: StuckEdge(), prober: prober,
            deadline: .milliseconds(100))
        let seen = await observer.observe()
        #expect(seen.edge == nil)
        #expect(seen.instances.count == 1)
        await prober.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func whatASilentRuntimeRanGoesOnBeingProbed() async throws {
        let prober = Prober { _, _, _ in 0 }
        let runtime = FakeRuntime("r") { [instance("a-1", HealthCheck(probe: .command(["x"]), interval: .milliseconds(100)))] }
        let observer = Observer(runtimes: [runtime], edge: nil, prober: prober, deadline: .seconds(5))
        _ = await observer.observe()
        let id = try #require(InstanceID("a-1"))
        #expect(await eventually { await prober.health()[id] == .healthy })
        await runtime.count.fail()
        let seen = await observer.observe()
        #expect(seen.unreachable.count == 1)
        #expect(seen.instances.isEmpty)
        #expect(seen.health[id] == .healthy)
        await prober.shutdown()
        #expect(await prober.health().isEmpty)
    }
}

func instance(_ id: String, _ health: HealthCheck? = nil, port: Int = 1, state: ObservedInstance.State = .running)
    -> ObservedInstance
{
    ObservedInstance(
        id: InstanceID(id) ?? InstanceID(workload: Name(literal: "bad"), generation: generation, suffix: 0),
        workload: Name(literal: "a"), generation: generation, state: state, createdAt: Instant(milliseconds: 0),
        endpoints: [Name(literal: "http"): Endpoint(host: "127.0.0.1", port: port)], health: health)
}

private let generation = Generation(String(repeating: "0", count: 64)) ?? { fatalError("not a generation") }()

/// Never returns, and does not care whether it is cancelled.
private func hang() async -> [ObservedInstance] {
    await withUnsafeContinuation { (_: UnsafeContinuation<[ObservedInstance], Never>) in }
}

actor Counter {
    private(set) var value = 0
    private(set) var fails = false
    func fail() { fails = true }
    func next() throws {
        value += 1
        if fails { throw DriverError(.failed, operation: "ask", subject: "it", "broken") }
    }
}

struct FakeRuntime: Runtime {
    let name: Name
    let capabilities = RuntimeCapabilities(artifacts: [], limits: [], volumes: false)
    let count = Counter()
    let body: @Sendable () async throws -> [ObservedInstance]
    init(_ name: StaticString, _ body: @escaping @Sendable () async throws -> [ObservedInstance]) {
        self.name = Name(literal: name)
        self.body = body
    }
    func observe() async throws -> [ObservedInstance] {
        try await count.next()
        return try await body()
    }
    func prepare(_ workload: DesiredWorkload) async throws {}
    func start(_ id: InstanceID, of workload: DesiredWorkload) async throws -> ObservedInstance { instance(id.rawValue) }
    func stop(_ id: InstanceID, grace: Span) async throws {}
    func run(_ command: [String], beside id: InstanceID, timeout: Span) async throws -> Int32 { 0 }
    func logTail(_ id: InstanceID, lines: Int) async throws -> [String] { [] }
    func collectGarbage(keeping artifacts: Set<String>) async throws -> Int { 0 }
    var events: AsyncStream<RuntimeEvent> { AsyncStream { $0.finish() } }
}

private struct StuckEdge: Edge {
    func observe() async throws -> ObservedEdge {
        _ = await hang()
        return ObservedEdge()
    }
    func apply(_ listeners: [EdgeListener]) async throws -> ObservedEdge { ObservedEdge() }
}
