import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("A runtime that comes back") struct RestartTests {
    @Test("It finds the same instances by the same processes, and watches them again", .timeLimit(.minutes(1)))
    func adopts() async throws {
        let fixture = try Fixture("adopt")
        let artifact = try fixture.artifacts.add(["index.html": "x"])
        let id = try newID()
        let first = try await fixture.open()
        let health = HealthCheck(probe: .tcp(port: Name(literal: "http")))
        var workload = try serving(artifact)
        workload.workload.health = health
        let started = try await first.start(id, of: workload)
        let mark = try needed(InstanceFolder(path: fixture.instance(id)).mark)
        await first.shutdown()

        try await fixture.run { second async throws -> Void in
            #expect(try await second.observe() == [started])
            #expect(try await second.sight(id)?.health == health)
            #expect(InstanceFolder(path: fixture.instance(id)).mark == mark)
            // Its port is not given to anybody else.
            let other = try await second.start(try newID(), of: workload)
            #expect(other.endpoints != started.endpoints)
            kill(mark.pid, SIGKILL)
            for await event in second.events where event.instance == id { break }
        }
    }

    @Test("What a killed predecessor left half done is undone, whatever it was", .timeLimit(.minutes(1)))
    func undoes() async throws {
        let fixture = try Fixture("undo")
        let first = try await fixture.open()
        let artifact = try fixture.artifacts.add(["index.html": "x"])
        let id = try newID()
        _ = try await first.start(id, of: try serving(artifact))
        await first.shutdown()
        // Killed while it made a folder, while it removed one, between record and start, and while it unpacked.
        let half = try newID("half")
        for name in [".new-\(half)/scratch/0", ".gone-\(half)/scratch", half.rawValue] {
            try FileManager.default.createDirectory(
                atPath: "\(fixture.folder)/instances/\(name)", withIntermediateDirectories: true)
        }
        let (record, _) = try InstanceRecord.decoded(
            try needed(try Files.read(fixture.instance(id) + "/record.json", limit: 1 << 20)))
        var never = record
        never.id = half
        try Files.create(fixture.instance(half) + "/record.json", try never.encoded(), for: "test")
        try Files.create(InstanceFolder(path: fixture.instance(half)).process, [], for: "test")
        try FileManager.default.createDirectory(atPath: fixture.folder + "/store/.tmp-1/x", withIntermediateDirectories: true)
        let incomplete = String(repeating: "a", count: 40)
        try FileManager.default.createDirectory(
            atPath: "\(fixture.folder)/store/\(incomplete)", withIntermediateDirectories: true)
        // A group with a process in it, and no instance that it belongs to.
        let groups = ControlGroups(folder: fixture.folder)
        var orphan: ProcessMark?
        if let folder = groups.folders[.pids] {
            mkdir("\(folder)/lost", 0o755)
            let join = try Descriptor.open("\(folder)/lost/cgroup.procs", O_WRONLY, for: "test")
            let pid = try Launch(
                program: "/usr/bin/sleep", arguments: ["sleep", "1000"], options: [], descriptors: [], output: nil,
                groups: [join],
                record: nil
            ).start(for: "test", "sleep")
            orphan = ProcessMark(pid: pid, started: try needed(ProcessTable.status(of: pid)).started)
        }

        try await fixture.run { second async throws -> Void in
            #expect(try await second.observe().map(\.id) == [id])
            #expect(names(fixture.folder + "/instances") == [id.rawValue])
            #expect(!exists("\(fixture.folder)/store/\(incomplete)"))
            #expect(!names(fixture.folder + "/store").contains { $0.hasPrefix(".tmp-") })
            if let orphan {
                #expect(await eventually { !ProcessTable.isAlive(orphan) })
                waitpid(orphan.pid, nil, 0)
            }
        }
    }

    @Test("Between the fork and the first line of the record the lock says that something lives", .timeLimit(.minutes(1)))
    func starting() async throws {
        let fixture = try Fixture("starting")
        try await fixture.run { runtime async throws -> Void in
            let id = try newID()
            _ = try await runtime.start(id, of: try serving(try fixture.artifacts.add(["index.html": "x"])))
            let folder = InstanceFolder(path: fixture.instance(id))
            let process = text(folder.process)
            try Data().write(to: URL(filePath: folder.process))
            #expect(try await runtime.sight(id)?.state == .starting)
            try Data(process.utf8).write(to: URL(filePath: folder.process))
            #expect(try await runtime.sight(id)?.state == .running)
            // The id of another process with another start time is not ours.
            try Data("\(getpid()) 1\n".utf8).write(to: URL(filePath: folder.process))
            #expect(try await runtime.sight(id)?.tampered?.contains("supervisor") == true)
            try Data(process.utf8).write(to: URL(filePath: folder.process))
        }
    }

    @Test(
        "What is not understood is reported as foreign, never thrown away, and goes when it is stopped", .timeLimit(.minutes(1))
    )
    func foreign() async throws {
        let fixture = try Fixture("foreign")
        try await fixture.run { runtime async throws -> Void in
            let instances = fixture.folder + "/instances"
            try FileManager.default.createDirectory(atPath: instances + "/web-abababab-1", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: instances + "/Some Folder", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: instances + "/web-abababab-2", withIntermediateDirectories: true)
            try fixture.scratch.write("state/local/instances/web-abababab-2/record.json", "{ nonsense")
            try fixture.scratch.write("state/local/instances/web-abababab-3", "a file")
            let seen = try await runtime.observe()
            #expect(seen.count == 4)
            #expect(seen.allSatisfy { $0.foreign != nil })
            #expect(seen.filter { $0.workload.rawValue == "web" }.count == 3)
            // A new start of the runtime does not throw them away either.
            let again = try await fixture.open()
            #expect(try await again.observe() == seen)
            await again.shutdown()
            for instance in seen { try await runtime.stop(instance.id, grace: .zero) }
            #expect(names(instances) == [])
        }
    }

    @Test("A folder that vanishes under a running service is an error, a folder that never was is empty")
    func vanished() async throws {
        let fixture = try Fixture("vanished")
        let untouched = try LocalRuntime(configuration: fixture.configuration, artifacts: fixture.artifacts)
        #expect(try await untouched.observe() == [])
        let runtime = try await fixture.open()
        try FileManager.default.removeItem(atPath: fixture.folder + "/instances")
        await #expect(throws: DriverError.self) { try await runtime.observe() }
        await runtime.shutdown()
    }
}
