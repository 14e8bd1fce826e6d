import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("Instances come and go") struct LifecycleTests {
    @Test(
        "An instance serves its files on the port that it was given, and leaves nothing when it is stopped",
        .timeLimit(.minutes(1)))
    func servesAndStops() async throws {
        let fixture = try Fixture("serve")
        try await fixture.run { runtime async throws -> Void in
            let workload = try serving(try fixture.artifacts.add(["index.html": "hello"]))
            let id = try newID()
            let started = try await runtime.start(id, of: workload)
            #expect(started.state == .running)
            let port = try needed(started.endpoints[Name(literal: "http")]?.port)
            #expect(await eventually { await page(port) == "hello" })
            let seen = try await runtime.observe()
            #expect(seen == [started])
            let mark = try needed(InstanceFolder(path: fixture.instance(id)).mark)
            let first = try needed(InstanceFolder(path: fixture.instance(id)).reported("child-pid"))

            try await runtime.stop(id, grace: .seconds(5))
            #expect(try await runtime.observe() == [])
            #expect(!ProcessTable.isAlive(mark))
            #expect(ProcessTable.status(of: first)?.state ?? "Z" == "Z")
            #expect(names(fixture.folder + "/instances") == [])
            #expect(Ports.isFree(port))
            for folder in runtime.groups.folders.values { #expect(!exists("\(folder)/\(id)")) }
        }
    }

    @Test("Starting twice starts once, stopping twice or together is stopping once", .timeLimit(.minutes(1)))
    func idempotent() async throws {
        let fixture = try Fixture("idempotent")
        try await fixture.run { runtime async throws -> Void in
            let workload = try serving(try fixture.artifacts.add(["index.html": "x"]))
            let id = try newID()
            async let first = runtime.start(id, of: workload)
            async let second = runtime.start(id, of: workload)
            #expect(try await first == second)
            #expect(try await runtime.start(id, of: workload) == first)
            #expect(try await runtime.observe().count == 1)
            #expect(fixture.artifacts.checkouts == 1)
            async let stop: Void = runtime.stop(id, grace: .seconds(1))
            async let again: Void = runtime.stop(id, grace: .seconds(1))
            _ = try await (stop, again)
            try await runtime.stop(id, grace: .zero)
            #expect(try await runtime.observe() == [])
        }
    }

    @Test("SIGTERM reaches the command, and what ignores it is ended after the time of grace", .timeLimit(.minutes(1)))
    func grace() async throws {
        let fixture = try Fixture("grace")
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add([
                "polite": "trap 'echo bye; exit 0' TERM\necho ready\nwhile :; do sleep 0.05; done\n",
                "deaf": "trap '' TERM\necho ready\nwhile :; do sleep 0.05; done\n",
            ])
            for name in ["polite", "deaf"] {
                let id = try newID(name)
                _ = try await runtime.start(id, of: try desired(name, artifact: artifact, command: ["sh", name]))
                #expect(try await eventually { try await runtime.logTail(id, lines: 5) == ["ready"] })
                try await runtime.stop(id, grace: name == "polite" ? .seconds(30) : .milliseconds(200))
                #expect(try await runtime.logTail(id, lines: 5) == (name == "polite" ? ["ready", "bye"] : ["ready"]))
            }
        }
    }

    @Test("An exit is told by an event and observed with its code", .timeLimit(.minutes(1)))
    func exitCode() async throws {
        let fixture = try Fixture("exit")
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add(["run": "exit 3\n"])
            let id = try newID()
            _ = try await runtime.start(id, of: try desired(artifact: artifact, command: ["sh", "run"]))
            for await event in runtime.events where event.instance == id {
                #expect(event.detail.contains("code 3"))
                break
            }
            #expect(try await runtime.sight(id)?.state == .exited(code: 3))
            // A program that is not there ends like in a shell (with root, where setpriv looks for it).
            let code: Int32 = geteuid() == 0 ? 127 : 1
            let other = try newID()
            _ = try await runtime.start(other, of: try desired(artifact: artifact, command: ["no-such-program"]))
            #expect(try await eventually { try await runtime.sight(other)?.state == .exited(code: code) })
            #expect(try await runtime.logTail(other, lines: 1).first?.contains("no-such-program") == true)
        }
    }

    @Test("Each process of an instance that is killed with -9 is noticed by an event", .timeLimit(.minutes(1)))
    func killed() async throws {
        let fixture = try Fixture("killed")
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add(["index.html": "x"])
            for victim in ["command", "first", "supervisor"] {
                let id = try newID(victim)
                _ = try await runtime.start(id, of: try serving(artifact, name: victim))
                let folder = InstanceFolder(path: fixture.instance(id))
                var pids: [String: Int32] = [:]
                #expect(
                    await eventually {
                        guard let first = folder.reported("child-pid") else { return false }
                        pids = ["first": first, "supervisor": folder.mark?.pid ?? 0]
                        pids["command"] = ProcessTable.children(of: first).first
                        return pids.count == 3
                    })
                kill(try needed(pids[victim]), SIGKILL)
                for await event in runtime.events where event.instance == id { break }
                let seen = try needed(try await runtime.sight(id))
                if victim == "supervisor" {
                    #expect(seen.state == .running && seen.tampered?.contains("supervisor") == true)
                } else {
                    #expect(seen.state == .exited(code: 137))
                }
                try await runtime.stop(id, grace: .seconds(1))
                for pid in pids.values { #expect(ProcessTable.status(of: pid)?.state ?? "Z" == "Z") }
            }
        }
    }
}
