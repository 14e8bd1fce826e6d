import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewExecBackend

/// Who gets in, who is cut, and what is told of it.
@Suite struct ExecSessionTests {
    @Test func onlyWhatTheGrantAllowsBegins() async throws {
        let (scratch, clock) = (try Scratch("exec"), TestClock())
        let backend = try await backend(scratch, clock: clock)
        var with = settings
        with["commands"] = .list([.text("psql -U app"), .list([.text("sh"), .text("-c"), .text("a b")])])
        let order = order(settings: with, from: clock.now)
        _ = try await backend.give(order)
        func begins(_ entry: ExecEntry) async -> Bool {
            let session = FakeSession(UUID().uuidString, order.id, in: backend)
            do {
                try await backend.begin(session, entry: entry)
                await backend.finish(session, how: "exited with code 0", entered: true)
                return true
            } catch { return false }
        }
        #expect(await begins(try entry(order.id, "orders-api", ["psql", "-U", "app"])))
        #expect(await begins(try entry(order.id, "orders-api", ["sh", "-c", "a b"])))
        #expect(await !begins(try entry(order.id, "orders-api", ["sh"])))
        #expect(await !begins(try entry(order.id, "orders-api", ["psql", "-U", "app", "-c", "x"])))
        #expect(await !begins(try entry(order.id, "orders-db", ["psql", "-U", "app"])))
        #expect(await !begins(try entry(GrantID(name: order.id.name, blob: .random()), "orders-api", ["psql", "-U", "app"])))
        clock.advance(.seconds(600))
        #expect(await !begins(try entry(order.id, "orders-api", ["psql", "-U", "app"])))
    }

    @Test func theEndCutsTheGrantsSessionsAndNoOther() async throws {
        let backend = try await backend(try Scratch("exec"))
        let (one, two) = (order("one", from: .current), order("two", from: .current))
        for order in [one, two] { _ = try await backend.give(order) }
        let (first, second) = (FakeSession("a", one.id, in: backend), FakeSession("b", two.id, in: backend))
        try await backend.begin(first, entry: try entry(one.id))
        try await backend.begin(second, entry: try entry(two.id))
        try await backend.end([one.id])
        #expect(first.reasons.withLock { $0 } == ["the grant one has ended"])
        #expect(second.reasons.withLock { $0 }.isEmpty)
        #expect(await backend.openSessions == 1)
        await #expect(throws: DriverError.self) { try await backend.begin(first, entry: try entry(one.id)) }
    }

    @Test func aSessionThatDoesNotEndIsToldAsAlive() async throws {
        let backend = try await backend(try Scratch("exec"))
        let order = order(from: .current)
        _ = try await backend.give(order)
        let session = FakeSession("stuck", order.id, in: backend, obeys: false)
        try await backend.begin(session, entry: try entry(order.id))
        await #expect(throws: DriverError.self) { try await backend.end([order.id]) }
        guard case .alive(let how)? = try await backend.probe([order.id])[order.id] else {
            Issue.record("it is told as gone")
            return
        }
        #expect(how.contains("stuck"))
        await backend.finish(session, how: "cut", entered: true)
        try await backend.end([order.id])
        guard case .gone? = try await backend.probe([order.id])[order.id] else {
            Issue.record("it is told as alive")
            return
        }
    }

    @Test func evidenceNamesTheSessionsAndNotTheArguments() async throws {
        let backend = try await backend(try Scratch("exec"))
        let order = order(from: .current)
        _ = try await backend.give(order)
        #expect(try await backend.evidence(order.id) == AccessEvidence(used: false))
        let refused = FakeSession("never", order.id, in: backend)
        try await backend.begin(refused, entry: try entry(order.id))
        await backend.finish(refused, how: "engine lost", entered: false)
        #expect(try await backend.evidence(order.id).used == false)
        for index in 0..<30 {
            let session = FakeSession("s\(index)", order.id, in: backend)
            try await backend.begin(session, entry: try entry(order.id, "orders-api", ["psql", "password=x\u{1B}"]))
            await backend.finish(session, how: "exited with code 0", entered: true)
        }
        let evidence = try await backend.evidence(order.id)
        #expect(evidence.used == true)
        #expect(evidence.lines.count == 20)
        #expect(evidence.lines[0].contains("alice ran psql … in orders-api"))
        #expect(evidence.lines[0].contains("recording s0"))
        #expect(!evidence.lines.contains { $0.contains("password") })
    }

    @Test func filesThatAreNoRecordsAreForeignAndLetNobodyIn() async throws {
        let scratch = try Scratch("exec")
        let backend = try await backend(scratch)
        let order = order(from: .current)
        _ = try await backend.give(order)
        let folder = scratch.file("access/shell")
        try FileManager.default.copyItem(atPath: "\(folder)/\(order.id).json", toPath: "\(folder)/copy.json")
        try scratch.write("access/shell/junk.json", "{}")
        let foreign = try await backend.observe().filter { $0.grant == nil }
        #expect(foreign.map(\.subject) == ["\(folder)/copy.json", "\(folder)/junk.json"])
        #expect(await backend.records(named: order.id.name).count == 1)
        for access in foreign { try await backend.removeForeign(access) }
        #expect(try await backend.observe().map(\.grant) == [order.id])
        chmod("\(folder)/\(order.id).json", 0o666)
        #expect(await backend.records(named: order.id.name).isEmpty)
        #expect(try await backend.observe().first?.grant == nil)
    }

    @Test func givingAgainTakesTheNarrowerSettings() async throws {
        let backend = try await backend(try Scratch("exec"))
        var order = order(from: .current)
        _ = try await backend.give(order)
        order.settings["commands"] = .list([.text("id")])
        order.end = order.end + .seconds(100)
        _ = try await backend.give(order)
        let record = try #require(await backend.records(named: order.id.name).first)
        #expect(record.commands == [["id"]])
        #expect(record.end == order.end + .seconds(-100))
    }

    @Test func onceClosedNobodyGetsIn() async throws {
        let backend = try await backend(try Scratch("exec"))
        let order = order(from: .current)
        _ = try await backend.give(order)
        let session = FakeSession("a", order.id, in: backend)
        try await backend.begin(session, entry: try entry(order.id))
        await backend.cutAll("Curfew stops")
        #expect(await backend.openSessions == 0)
        await #expect(throws: DriverError.self) { try await backend.begin(session, entry: try entry(order.id)) }
    }
}
