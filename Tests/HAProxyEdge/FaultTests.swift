import CurfewDrivers
import CurfewHAProxyEdge
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Subprocess
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct EdgeFaultTests {
    @Test func theProcessOfAStalePidFileIsNotTouched() async throws {
        try await Fixture.with(backends: 1) { fixture, backends in
            for garbage in ["\(getpid())\n", "1\n", "-1\n", "0\n", "99999999999999999999\n", "\u{0}\u{1}", ""] {
                try FileManager.default.createDirectory(atPath: fixture.folder, withIntermediateDirectories: true)
                try garbage.write(toFile: fixture.folder + "/haproxy.pid", atomically: false, encoding: .utf8)
                try "nonsense {{{".write(toFile: fixture.folder + "/haproxy.cfg", atomically: false, encoding: .utf8)
                try "".write(toFile: fixture.folder + "/master.sock", atomically: false, encoding: .utf8)
                await #expect(throws: DriverError.self) { try await fixture.edge.observe() }
                let port = unusedPort()
                _ = try await fixture.edge.apply([listener("web", port: port, [server(backends[0])])])
                #expect(await get(port) == "i-1")
                await fixture.edge.stop()
            }
        }
    }

    @Test func aTakenPortIsToldAndHoldsNobodyUp() async throws {
        try await Fixture.with(backends: 2) { fixture, backends in
            let held = try #require(HeldPort())
            let (port, other) = (unusedPort(), unusedPort())
            func expectTaken(_ listeners: [EdgeListener]) async {
                do {
                    _ = try await fixture.edge.apply(listeners)
                    Issue.record("no error for a port that is taken")
                } catch let error as DriverError {
                    #expect(error.code == .portInUse)
                    #expect(error.description.contains("bad") && error.description.contains("\(held.port)"))
                    #expect(error.description.contains("pid \(getpid())"))
                } catch { Issue.record(error) }
            }
            let bad = listener("bad", port: held.port, [server(backends[0])])
            await expectTaken([bad, listener("web", port: port, [server(backends[0])])])
            #expect(await get(port) == "i-1")
            await expectTaken([
                bad, listener("api", port: other, [server(backends[1])]), listener("web", port: port, [server(backends[0])]),
            ])
            #expect(await get(other) == "i-2")
            #expect(try await fixture.edge.observe().listeners.keys.sorted() == [key("api"), key("web")])
        }
    }

    @Test func onePortForTwoAndValuesThatAreNoneAreRefusedAlone() async throws {
        try await Fixture.with(backends: 1) { fixture, backends in
            let port = unusedPort()
            let evil = EdgeListener.Server(
                instance: id("evil"), endpoint: Endpoint(host: "127.0.0.1:1\n    bind :1", port: 1))
            for wrong in [
                listener("zzz", port: port), listener("zzz", port: 0), listener("zzz", port: 65536), listener("zzz", port: -1),
                listener("zzz", port: unusedPort(), [evil]),
                listener("zzz", port: unusedPort(), [server(backends[0], weight: 257)]),
                listener("zzz", port: unusedPort(), [server(backends[0]), server(backends[0])]),
            ] {
                await #expect(throws: DriverError.self) {
                    try await fixture.edge.apply([wrong, listener("web", port: port, [server(backends[0])])])
                }
                #expect(await get(port) == "i-1")
            }
        }
    }

    @Test func whatSomebodyElseChangedIsUndone() async throws {
        try await Fixture.with(backends: 2) { fixture, backends in
            let port = unusedPort()
            let wanted = [listener("web", port: port, [server(backends[0])])]
            let good = try await fixture.edge.apply(wanted)
            for command in [
                "add server web:http/i-2 127.0.0.1:\(backends[1].port)",
                "add server web:http/FOREIGN.one 127.0.0.1:\(backends[1].port)", "set server web:http/i-1 state maint",
                "set server web:http/i-1 state drain", "set server web:http/i-1 weight 3",
                "set server web:http/i-1 addr 127.0.0.1 port \(backends[1].port)", "disable frontend web:http",
                "shutdown frontend web:http",
            ] {
                try await tamper(fixture.folder, command)
                #expect(try await fixture.edge.apply(wanted) == good, "\(command)")
                #expect(await eventually { await answerers(port, 3) == ["i-1": 3] }, "\(command)")
            }
        }
    }

    @Test func socketsThatWereDeletedAreMadeAgain() async throws {
        try await Fixture.with(backends: 1) { fixture, backends in
            let wanted = [listener("web", port: unusedPort(), [server(backends[0])])]
            _ = try await fixture.edge.apply(wanted)
            unlink(fixture.folder + "/master.sock")
            _ = try await fixture.edge.apply(wanted)
            #expect(await get(wanted[0].port) == "i-1")
            #expect(try await fixture.edge.observe().listeners.count == 1)
        }
    }

    @Test func aFolderTooLongForASocketWorks() async throws {
        let scratch = try Scratch("edge-long")
        let folder = scratch.file(String(repeating: "long-", count: 30) + "/edge")
        try await Fixture.with(backends: 1, folder: folder) { fixture, backends in
            let port = unusedPort()
            _ = try await fixture.edge.apply([listener("web", port: port, [server(backends[0])])])
            #expect(await get(port) == "i-1")
            let second = HAProxyEdge(configuration: Fixture.configuration(folder))
            #expect(try await second.observe().listeners.count == 1)
        }
    }

    @Test(arguments: ["relative", "/with space", "/with\nline", "/with,comma", "/with'quote", ""])
    func foldersThatCannotBeWrittenIntoAConfigurationAreRefused(_ folder: String) async {
        let edge = HAProxyEdge(configuration: Fixture.configuration(folder))
        await #expect(throws: DriverError.self) { try await edge.apply([]) }
        await edge.stop()
    }

    @Test func aMissingProgramIsNamedWithItsPackage() async throws {
        let scratch = try Scratch("edge")
        let edge = HAProxyEdge(
            configuration: HAProxyConfiguration(folder: scratch.file("e"), bind: "127.0.0.1", program: "/nowhere/haproxy"))
        do {
            _ = try await edge.apply([])
            Issue.record("no error")
        } catch let error as DriverError {
            #expect(error.code == .missingProgram)
            #expect(error.message.contains("install the package haproxy"))
        }
    }

    /// Twenty swaps in a row under fifty connections: not one request may fail.
    @Test func swapsUnderLoadLoseNothing() async throws {
        try await Fixture.with(backends: 2, program: .lighttpd) { fixture, backends in
            let port = unusedPort()
            _ = try await fixture.edge.apply([listener("web", port: port, [server(backends[0])])])
            async let load = Subprocess.run(
                .name("wrk"), arguments: ["-t1", "-c50", "-d6s", "http://127.0.0.1:\(port)/"], output: .string(limit: 1 << 16))
            for swap in 1...20 {
                let (old, new) = (backends[(swap + 1) % 2], backends[swap % 2])
                _ = try await fixture.edge.apply([listener("web", port: port, [server(old), server(new)])])
                _ = try await fixture.edge.apply([listener("web", port: port, [server(old, draining: true), server(new)])])
                let drained = await eventually { (try? await fixture.edge.observe())?.connections(of: id(old.id)) == 0 }
                #expect(drained)
                _ = try await fixture.edge.apply([listener("web", port: port, [server(new)])])
            }
            let text = try await load.standardOutput
            print("swaps: " + text)
            #expect(text.contains("requests in"))
            #expect(!text.contains("Non-2xx") && !text.contains("Socket errors"))
        }
    }
}
