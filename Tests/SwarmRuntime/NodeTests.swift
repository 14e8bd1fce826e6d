import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Testing

@testable import CurfewSwarmRuntime

@Suite("Nodes of a swarm come and go", .serialized, .enabled(if: SwarmHost.isPossible, whySkipped))
struct SwarmNodeSerial {
    @Test("A node is lost: its instances are the same ones elsewhere, and stay so when it comes back", .timeLimit(.minutes(3)))
    func lostNode() async throws {
        try await Fixture.with(nodes: 3) { fixture in
            try await fixture.run { runtime in
                // The two workers get one each.
                let ids = [try newID("site"), try newID("site")].sorted()
                for id in ids {
                    _ = try await runtime.start(id, of: try fixture.site { $0.container.placement = ["node.role==worker"] })
                }
                let before = try await runtime.observe()
                #expect(before.map(\.id) == ids)
                #expect(Set(before.compactMap(\.place)) == ["node2", "node3"])
                #expect(before.allSatisfy { $0.state == .running && $0.endpoints.count == 1 })
                try await fixture.host.down(3)
                let isHealed = try await eventually(within: .seconds(40)) {
                    let seen = try await runtime.observe()
                    return seen.map(\.id) == ids && seen.allSatisfy { $0.state == .running && $0.place == "node2" }
                }
                let after = try await runtime.observe()
                #expect(isHealed, "\(after)")
                #expect(after.allSatisfy { $0.tampered == nil && $0.foreign == nil })
                for instance in after {
                    let answer = await eventually { await page(instance.endpoints.values.first)?.isEmpty == false }
                    #expect(answer, "\(instance.endpoints)")
                }
                try await fixture.host.up(3)
                let isBack = try await eventually(within: .seconds(30)) {
                    try await fixture.host.docker(1, "node", "ls", "--format", "{{.Hostname}} {{.Status}}").contains(
                        "node3 Ready")
                }
                #expect(isBack)
                // Whoever died there is found dead now: that says nothing about its successor.
                for _ in 0..<20 {
                    let seen = try await runtime.observe()
                    #expect(seen.allSatisfy { $0.state == .running }, "\(seen)")
                    try await Task.sleep(for: .milliseconds(200))
                }
                // A process of Curfew that begins now sees the same.
                let fresh = try await fixture.runtime().observe()
                #expect(fresh.map(\.state) == [.running, .running], "\(fresh)")
            }
        }
    }

    @Test("Many at once, looked at all the while: none is foreign, none counted twice", .timeLimit(.minutes(3)))
    func manyAtOnce()
        async throws
    {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let ids = try (0..<12).map { _ in try newID() }.sorted()
                let desired = try fixture.desired()
                let watcher = Task {
                    var strange: [ObservedInstance] = []
                    while !Task.isCancelled {
                        strange += (try? await runtime.observe().filter { $0.foreign != nil || $0.tampered != nil }) ?? []
                    }
                    return strange
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for id in ids { group.addTask { _ = try await runtime.start(id, of: desired) } }
                    try await group.waitForAll()
                }
                watcher.cancel()
                #expect(await watcher.value == [])
                let seen = try await runtime.observe()
                #expect(seen.map(\.id) == ids && seen.allSatisfy { $0.state == .running }, "\(seen)")
                #expect(Set(seen.compactMap(\.place)) == ["node1", "node2"])
                #expect(await Set(runtime.known.values.map(\.ordinal)) == Set(0..<12))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for id in ids { group.addTask { try await runtime.stop(id, grace: .zero) } }
                    try await group.waitForAll()
                }
                #expect(try await runtime.observe().isEmpty)
                for node in 1...2 {
                    #expect(try await fixture.host.docker(node, "ps", "-q") == "", "something runs on")
                    // The node clears away what has ended.
                    #expect(try await eventually { try await fixture.host.docker(node, "ps", "-aq") == "" })
                }
            }
        }
    }

    @Test("A node is emptied by its operator: its instances go on elsewhere", .timeLimit(.minutes(2))) func drainedNode()
        async throws
    {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                // Ends at once and well when it is asked to, which is no end of its own.
                let quick = try newID("quick")
                _ = try await runtime.start(
                    quick,
                    of: try fixture.desired("quick", ["busybox", "sh", "-c", "trap 'exit 0' TERM; busybox sleep 1000 & wait"]))
                let slow = try newID("slow")
                _ = try await runtime.start(slow, of: try fixture.desired("slow", ["busybox", "sleep", "1000"]))
                for (away, left) in [("node1", "node2"), ("node2", "node1")] {
                    try await fixture.host.docker(1, "node", "update", "--availability", "active", left)
                    try await fixture.host.docker(1, "node", "update", "--availability", "drain", away)
                    let hasMoved = try await eventually(within: .seconds(20)) {
                        let seen = try await runtime.observe()
                        #expect(seen.map(\.id) == [quick, slow])
                        #expect(!seen.contains { if case .exited = $0.state { true } else { false } }, "\(seen)")
                        return seen.allSatisfy { $0.state == .running && $0.place == left }
                    }
                    let last = try await runtime.observe()
                    #expect(hasMoved, "\(last)")
                }
            }
        }
    }

    @Test("What runs on a lost node can be stopped; what cannot be placed says why", .timeLimit(.minutes(2)))
    func stopOnLostNode() async throws {
        try await Fixture.with { fixture in
            try await fixture.run({ $0.patience = .seconds(3) }) { runtime in
                let id = try newID("site")
                let pinned = try fixture.site { $0.container.placement = ["node.hostname==node2"] }
                _ = try await runtime.start(id, of: pinned)
                #expect(try await runtime.observe().first?.place == "node2")
                try await fixture.host.down(2)
                let isPending = try await eventually(within: .seconds(30)) {
                    try await runtime.observe().first?.state == .starting
                }
                #expect(isPending)
                let isTold = try await eventually {
                    try await runtime.logTail(id, lines: 1).first?.contains("no suitable node") ?? false
                }
                #expect(isTold)
                try await runtime.stop(id, grace: .seconds(1))
                #expect(try await runtime.observe().isEmpty)
                let nowhere = try newID("site")
                #expect(try await runtime.start(nowhere, of: pinned).state == .starting)
                try await runtime.stop(nowhere, grace: .zero)
            }
        }
    }
}
