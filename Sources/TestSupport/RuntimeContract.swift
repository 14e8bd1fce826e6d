public import CurfewDrivers
public import CurfewModel

/// The rules that every ``Runtime`` keeps, each a function that throws ``ContractViolation`` when it does not. All of them
/// may run on one target, one after another.
public struct RuntimeContract<Driver: Runtime>: Sendable {
    let workload: @Sendable (_ name: Name, _ command: [String], _ ports: [Name]) -> Workload
    let page: @Sendable (Endpoint) async -> String?
    let open: @Sendable () async throws -> Driver

    /// - Parameters:
    ///   - workload: a workload for this runtime that has busybox and runs a command.
    ///   - page: what is served at an endpoint.
    ///   - open: makes a runtime, each time a new one for the same target: what a restart of Curfew does. Only one lives at
    ///     a time.
    public init(
        workload: @escaping @Sendable (_ name: Name, _ command: [String], _ ports: [Name]) -> Workload,
        page: @escaping @Sendable (Endpoint) async -> String?, open: @escaping @Sendable () async throws -> Driver
    ) {
        (self.workload, self.page, self.open) = (workload, page, open)
    }

    /// All rules, each with a runtime that is opened and shut down.
    public func everyRule() async throws {
        for rule in [
            startTwiceIsOnce, stopTwiceIsOnce, instancesServe, endsAreTold, logsAreKept, probesRunBeside, restartFindsAll,
            termIsAskedFirst,
        ] {
            let runtime = try await open()
            try await runtime.open()
            do { try await rule(runtime) } catch {
                await clear(runtime)
                throw error
            }
            await clear(runtime)
        }
    }

    private func clear(_ runtime: Driver) async {
        for instance in (try? await runtime.observe()) ?? [] { try? await runtime.stop(instance.id, grace: .zero) }
        await runtime.shutdown()
    }

    /// Starting an id that exists gives back what there is, also at the same time.
    func startTwiceIsOnce(_ runtime: Driver) async throws {
        let (id, wanted) = make("twice", ["busybox", "sleep", "1000"])
        async let first = runtime.start(id, of: wanted)
        async let second = runtime.start(id, of: wanted)
        let both = try await [first, second]
        try check(both[0].id == id && both[1].id == id, "starting twice gives two instances")
        _ = try await runtime.start(id, of: wanted)
        let seen = try await runtime.observe()
        try check(seen.count == 1, "one id is there \(seen.count) times")
        let one = seen[0]
        try check(one.generation == wanted.generation && one.workload == wanted.workload.name, "another workload is told")
        try check(one.state == .running && one.tampered == nil && one.foreign == nil, "it is not told as it is: \(one)")
        try check(one.revision == wanted.revision && one.parts == wanted.parts, "what it was made from is not told")
    }

    /// Stopping leaves nothing, and what is gone is stopped already.
    func stopTwiceIsOnce(_ runtime: Driver) async throws {
        let (id, wanted) = make("gone", ["busybox", "sleep", "1000"])
        _ = try await runtime.start(id, of: wanted)
        async let first: Void = runtime.stop(id, grace: .seconds(1))
        async let second: Void = runtime.stop(id, grace: .seconds(1))
        _ = try await (first, second)
        try await runtime.stop(id, grace: .seconds(1))
        try await runtime.stop(
            InstanceID(workload: wanted.workload.name, generation: wanted.generation, suffix: 1), grace: .zero)
        let left = try await runtime.observe()
        try check(left.isEmpty, "something is left: \(left)")
    }

    /// Each instance answers at its own endpoint, by the port that stands in its command.
    func instancesServe(_ runtime: Driver) async throws {
        let port = Name(literal: "http")
        let script =
            "busybox mkdir -p /tmp/w && echo $INSTANCE > /tmp/w/index.html && exec busybox httpd -f -p $(HOST):$(PORT) -h /tmp/w"
        var ids: [InstanceID] = []
        for number in 1...2 {
            let (id, wanted) = make("site", ["busybox", "sh", "-c", script], ports: [port], suffix: UInt64(number))
            _ = try await runtime.start(id, of: wanted)
            ids.append(id)
        }
        for id in ids {
            let isServed = try await eventually {
                let seen = try await runtime.observe().first { $0.id == id }
                guard let endpoint = seen?.endpoints[port] else { return false }
                return await page(endpoint)?.hasPrefix(id.rawValue) ?? false
            }
            try check(isServed, "\(id) does not serve its own page")
        }
    }

    /// An end is told with its code, and an event says that something happened.
    func endsAreTold(_ runtime: Driver) async throws {
        let heard = Task { () -> Bool in
            for await _ in runtime.events { return true }
            return false
        }
        let (id, wanted) = make("ends", ["busybox", "sh", "-c", "exit 7"])
        _ = try await runtime.start(id, of: wanted)
        let isTold = try await eventually { try await runtime.observe().first { $0.id == id }?.state == .exited(code: 7) }
        let after = try await runtime.observe()
        try check(isTold, "exit code 7 is not told: \(after)")
        try check(await heard.value, "no event tells of the end")
    }

    /// What it wrote can be read after its end, oldest first.
    func logsAreKept(_ runtime: Driver) async throws {
        let (id, wanted) = make("log", ["busybox", "sh", "-c", "for i in 1 2 3; do echo line $i; done; exit 1"])
        _ = try await runtime.start(id, of: wanted)
        let isThere = try await eventually { try await runtime.logTail(id, lines: 2) == ["line 2", "line 3"] }
        let last = try await runtime.logTail(id, lines: 2)
        try check(isThere, "the last lines are \(last)")
    }

    /// A command beside an instance sees its environment and tells its code; nobody else's instance is touched.
    func probesRunBeside(_ runtime: Driver) async throws {
        let (id, wanted) = make("probe", ["busybox", "sleep", "1000"], ports: [Name(literal: "http")])
        _ = try await runtime.start(id, of: wanted)
        guard runtime.capabilities.missingCommandProbes == nil else {
            // What it cannot do it says, and nothing pretends to have been done.
            do {
                _ = try await runtime.run(["busybox", "true"], beside: id, timeout: .seconds(1))
                throw ContractViolation("a probe runs that cannot be run")
            } catch let error as DriverError { try check(error.code == .unsupported, "another error: \(error)") }
            return try await probeBesideNobody(runtime, wanted)
        }
        let right = try await runtime.run(
            ["busybox", "sh", "-c", "busybox test \"$INSTANCE\" = \(id) && busybox test \"$PORT\" = $(PORT)"], beside: id,
            timeout: .seconds(10))
        try check(right == 0, "the environment beside it is another one: \(right)")
        let code = try await runtime.run(["busybox", "sh", "-c", "exit 9"], beside: id, timeout: .seconds(10))
        try check(code == 9, "exit code 9 is told as \(code)")
        do {
            _ = try await runtime.run(["busybox", "sleep", "30"], beside: id, timeout: .milliseconds(300))
            throw ContractViolation("a probe that hangs is told as done")
        } catch is DriverError {}
        try await probeBesideNobody(runtime, wanted)
        try check(try await runtime.observe().first?.tampered == nil, "a probe counts as tampering")
    }

    private func probeBesideNobody(_ runtime: Driver, _ wanted: DesiredWorkload) async throws {
        do {
            let stranger = InstanceID(workload: wanted.workload.name, generation: wanted.generation, suffix: 99)
            _ = try await runtime.run(["busybox", "true"], beside: stranger, timeout: .seconds(1))
            throw ContractViolation("a probe runs beside nobody")
        } catch let error as DriverError { try check(error.code == .noInstance, "another error than noInstance: \(error)") }
    }

    /// A new process finds what an earlier one started, as it was.
    func restartFindsAll(_ runtime: Driver) async throws {
        let (id, wanted) = make("stays", ["busybox", "sleep", "1000"])
        let started = try await runtime.start(id, of: wanted)
        await runtime.shutdown()
        let next = try await open()
        try await next.open()
        let seen = try await next.observe()
        await clear(next)
        try check(seen.map(\.id) == [id] && seen[0].state == .running, "after a restart there is \(seen)")
        try check(seen[0].tampered == nil && seen[0].foreign == nil, "after a restart it is not trusted: \(seen[0])")
        try check(seen[0].createdAt == started.createdAt, "after a restart it is as old as another one")
    }

    /// Whoever listens to SIGTERM ends by itself; whoever does not is ended when the grace is over.
    func termIsAskedFirst(_ runtime: Driver) async throws {
        let deaf = make("deaf", ["busybox", "sh", "-c", "trap '' TERM; echo deaf; while true; do busybox sleep 0.1; done"])
        _ = try await runtime.start(deaf.0, of: deaf.1)
        try check(try await eventually { try await runtime.logTail(deaf.0, lines: 1) == ["deaf"] }, "it does not run")
        let start = ContinuousClock.now
        try await runtime.stop(deaf.0, grace: .seconds(1))
        try check(ContinuousClock.now - start >= .milliseconds(900), "it had no second of grace")
        try check(try await runtime.observe().isEmpty, "one that does not listen is still there")
    }

    private func make(_ name: String, _ command: [String], ports: [Name] = [], suffix: UInt64 = 7) -> (
        InstanceID, DesiredWorkload
    ) {
        let label = Name("contract-\(name)") ?? Name(literal: "contract")
        let digits = String(repeating: "ab", count: 32)
        guard let generation = Generation(digits), let revision = ObjectID(String(repeating: "1", count: 40)) else {
            preconditionFailure("plain digits")
        }
        let wanted = DesiredWorkload(
            workload: workload(label, command, ports), generation: generation, parts: ["command": "0123456789abcdef"],
            bundle: Name(literal: "default"), revision: revision)
        return (InstanceID(workload: label, generation: generation, suffix: suffix), wanted)
    }

    private func check(_ holds: Bool, _ violation: String) throws { if !holds { throw ContractViolation(violation) } }
}
