import CurfewDrivers
import CurfewHAProxyEdge
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct EdgeTests {
    @Test func observingStartsNothing() async throws {
        try await Fixture.with { fixture, _ in
            await #expect(throws: DriverError.self) { try await fixture.edge.observe() }
            #expect(fixture.pid == nil)
        }
    }

    @Test func startsAddsWeighsDrainsAndRemoves() async throws {
        try await Fixture.with(backends: 2) { fixture, backends in
            let (port, one, two) = (unusedPort(), backends[0], backends[1])
            var seen = try await fixture.edge.apply([listener("web", port: port, [server(one)])])
            #expect(seen.listeners[key("web")]?.address == Endpoint(host: "127.0.0.1", port: port))
            #expect(seen.connections(of: id("i-1")) == 0)
            #expect(await answerers(port) == ["i-1": 12])
            let pid = fixture.pid

            seen = try await fixture.edge.apply([listener("web", port: port, [server(one), server(two)])])
            #expect(seen.listeners[key("web")]?.servers.count == 2)
            #expect(await answerers(port) == ["i-1": 6, "i-2": 6])

            seen = try await fixture.edge.apply([
                listener("web", port: port, [server(one, weight: 200), server(two, weight: 100)])
            ])
            #expect(seen.listeners[key("web")]?.servers[id("i-1")]?.weight == 200)
            #expect(await answerers(port)["i-1"] == 8)

            seen = try await fixture.edge.apply([listener("web", port: port, [server(one, weight: 0), server(two)])])
            #expect(await answerers(port) == ["i-2": 12])

            seen = try await fixture.edge.apply([listener("web", port: port, [server(one), server(two, draining: true)])])
            #expect(seen.listeners[key("web")]?.servers[id("i-2")]?.draining == true)
            #expect(await answerers(port) == ["i-1": 12])

            seen = try await fixture.edge.apply([listener("web", port: port, [server(one), server(two)])])
            #expect(await answerers(port) == ["i-1": 6, "i-2": 6])

            seen = try await fixture.edge.apply([listener("web", port: port, [server(two)])])
            #expect(seen.listeners[key("web")]?.servers.keys.map(\.rawValue) == ["i-2"])
            #expect(await answerers(port) == ["i-2": 12])

            seen = try await fixture.edge.apply([listener("web", port: port, [])])
            #expect(await get(port) == "status 503")
            #expect(fixture.pid == pid)
            #expect(try await fixture.edge.observe() == seen)
        }
    }

    @Test func aServerWhoseAddressChangesIsFollowed() async throws {
        try await Fixture.with(backends: 2) { fixture, backends in
            let port = unusedPort()
            _ = try await fixture.edge.apply([listener("web", port: port, [server(backends[0])])])
            let moved = Backend(id: "i-1", port: backends[1].port)
            let seen = try await fixture.edge.apply([listener("web", port: port, [server(moved)])])
            #expect(seen.listeners[key("web")]?.servers[id("i-1")]?.endpoint.port == moved.port)
            #expect(await answerers(port) == ["i-2": 12])
        }
    }

    @Test func aReloadKeepsServersAndConnections() async throws {
        try await Fixture.with(backends: 2) { fixture, backends in
            let (port, other) = (unusedPort(), unusedPort())
            let first = listener("web", port: port, mode: .tcp, [server(backends[0])])
            _ = try await fixture.edge.apply([first])
            let open = try #require(OpenConnection(port: port))
            #expect(await eventually { (try? await fixture.edge.observe())?.connections(of: id("i-1")) == 1 })
            let pid = fixture.pid
            _ = try await fixture.edge.apply([first, listener("api", port: other, [server(backends[1])])])
            #expect(fixture.pid == pid)
            #expect(await get(other) == "i-2")
            #expect(await get(port) == "i-1")
            // The connection lives in the old worker, and is still counted.
            #expect(try await fixture.edge.observe().connections(of: id("i-1")) == 1)
            #expect(open.say("GET / HTTP/1.0\r\n\r\n"))
            #expect(await eventually { open.hear()?.contains("200 OK") == true })
            // A listener that goes, goes; the other one stays.
            let seen = try await fixture.edge.apply([listener("api", port: other, [server(backends[1])])])
            #expect(seen.listeners.keys.sorted() == [key("api")])
            #expect(await eventually { await get(port) == nil })
            #expect(await get(other) == "i-2")
        }
    }

    @Test func twoListenersSwapTheirPorts() async throws {
        try await Fixture.with(backends: 2) { fixture, backends in
            let (left, right) = (unusedPort(), unusedPort())
            _ = try await fixture.edge.apply([
                listener("a", port: left, [server(backends[0])]), listener("b", port: right, [server(backends[1])]),
            ])
            #expect(await get(left) == "i-1")
            _ = try await fixture.edge.apply([
                listener("a", port: right, [server(backends[0])]), listener("b", port: left, [server(backends[1])]),
            ])
            #expect(await eventually { await answerers(left, 4) == ["i-2": 4] })
            #expect(await eventually { await answerers(right, 4) == ["i-1": 4] })
        }
    }

    @Test func aKilledHAProxyIsToldAndStartedAgain() async throws {
        try await Fixture.with(backends: 1) { fixture, backends in
            let wanted = [listener("web", port: unusedPort(), [server(backends[0])])]
            _ = try await fixture.edge.apply(wanted)
            let pid = try #require(fixture.pid)
            kill(pid, SIGKILL)
            var exits = fixture.edge.exits.makeAsyncIterator()
            await exits.next()
            await #expect(throws: DriverError.self) { try await fixture.edge.observe() }
            let seen = try await fixture.edge.apply(wanted)
            #expect(seen.listeners.count == 1)
            #expect(fixture.pid != pid)
            #expect(await get(wanted[0].port) == "i-1")
        }
    }

    @Test func anotherEdgeObjectFindsTheSameHAProxyEvenWithoutItsPidFile() async throws {
        try await Fixture.with(backends: 1) { fixture, backends in
            let wanted = [listener("web", port: unusedPort(), [server(backends[0], weight: 17)])]
            let before = try await fixture.edge.apply(wanted)
            let pid = try #require(fixture.pid)
            let second = HAProxyEdge(configuration: Fixture.configuration(fixture.folder))
            #expect(try await second.observe() == before)
            #expect(try await second.apply(wanted) == before)
            unlink(fixture.folder + "/haproxy.pid")
            let third = HAProxyEdge(configuration: Fixture.configuration(fixture.folder))
            #expect(try await third.apply(wanted) == before)
            #expect(kill(pid, 0) == 0)
            await third.stop()
            #expect(await eventually { !connects(to: wanted[0].port) })
        }
    }
}
