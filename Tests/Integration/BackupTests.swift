import CurfewJournal
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A backup of a running service, and what comes back from it.
@Suite struct BackupTests {
    private func flip(_ path: String, at offset: Int) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        data[offset] ^= 1
        try data.write(to: URL(filePath: path))
    }

    @Test(.timeLimit(.minutes(3))) func aStateThatWasLostComesBack() async throws {
        let world = try await World("backup")
        try world.site(port: world.port)
        let first = try await world.push("First")
        let file = world.scratch.file("backup.tar")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            // The journal grows while it is copied.
            for round in 1...3 {
                try world.site(page: "\(round)", port: world.port)
                _ = try await world.push("Round \(round)")
                daemon.wake()
                let made = try await world.curfew("backup", file, "--force")
                #expect(made.code == 0, "\(made.output)\(made.errors)")
            }
            let listed = try await execute("tar", ["-tvf", file])
            #expect(listed.code == 0 && listed.output.contains("journal.sqlite"), "\(listed.output)\(listed.errors)")
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_mode & 0o7777 == 0o600)
            let again = try await world.curfew("backup", file)
            #expect(again.code == 1 && again.errors.contains("--force"), "\(again.errors)")
            let running = try await world.curfew("restore", file, "--force")
            #expect(running.code == 1 && running.errors.contains("already runs"), "\(running.errors)")

            let (instances, page) = (world.instances(), try await world.curfew("events", "--last", "1000").output)
            daemon.stop(SIGTERM)
            let refused = try await world.curfew("restore", file)
            #expect(refused.code == 1 && refused.errors.contains("--force"), "\(refused.errors)")
            for suffix in ["", "-wal", "-shm"] { unlink(world.state.journal + suffix) }
            let restored = try await world.curfew("restore", file)
            #expect(restored.code == 0, "\(restored.output)\(restored.errors)")
            let events = try await world.curfew("events", "--last", "1000").output
            #expect(!events.isEmpty && page.hasPrefix(events))
            try daemon.start()
            #expect(
                await eventually(within: .seconds(20)) {
                    world.status?.pid == daemon.process && world.status?.state == .converged
                }, "\(world.told(daemon))")
            // What ran goes on running: only the memory came back.
            #expect(world.instances() == instances)
            let verified = try await world.curfew("events", "--verify")
            #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aBadArchiveChangesNothing() async throws {
        let world = try await World("archive")
        try world.site(port: world.port)
        let first = try await world.push("First")
        let good = world.scratch.file("good.tar")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            try FileManager.default.createDirectory(atPath: world.state.recordings, withIntermediateDirectories: true)
            try Data("{}\n".utf8).write(to: URL(filePath: world.state.recordings + "/one.cast"))
            #expect(try await world.curfew("backup", good).code == 0)
            daemon.stop(SIGTERM)
            let before = try await world.curfew("events", "--format", "json").output
            let size = try #require(try FileManager.default.attributesOfItem(atPath: good)[.size] as? Int)
            var archives: [(String, String)] = []
            for (name, length) in [("cut", size / 2), ("short", 100), ("empty", 0), ("headless", size - 3000)] {
                let path = world.scratch.file(name + ".tar")
                try FileManager.default.copyItem(atPath: good, toPath: path)
                truncate(path, off_t(length))
                archives.append((name, path))
            }
            for (name, offset) in [("changed", 513), ("header", 3), ("database", size / 2)] {
                let path = world.scratch.file(name + ".tar")
                try FileManager.default.copyItem(atPath: good, toPath: path)
                try flip(path, at: offset)
                archives.append((name, path))
            }
            archives += try await hostile(world, good)
            for (name, path) in archives {
                let answer = try await world.curfew("restore", path, "--force")
                #expect(
                    answer.code == 1 && answer.errors.contains("error: restore"), "\(name): \(answer.output)\(answer.errors)")
                #expect(try await world.curfew("events", "--format", "json").output == before, "\(name)")
                let names = try FileManager.default.contentsOfDirectory(atPath: world.state.path)
                #expect(!names.contains { $0.hasPrefix(".restore") || $0.hasPrefix("before-") }, "\(name): \(names)")
            }
            #expect(access(world.scratch.file("escaped"), F_OK) != 0)
            let restored = try await world.curfew("restore", good, "--force")
            #expect(restored.code == 0, "\(restored.errors)")
            #expect(restored.output.contains("what was there is in \(world.state.path)/before-restore-"), "\(restored.output)")
        }
    }

    /// Archives of the real tar with members that no backup has, before the good ones.
    private func hostile(_ world: World, _ good: String) async throws -> [(String, String)] {
        let folder = world.scratch.file("hostile")
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder + "/control", withIntermediateDirectories: true)
        try manager.createDirectory(atPath: folder + "/access/ssh", withIntermediateDirectories: true)
        try Data("bad".utf8).write(to: URL(filePath: folder + "/control/paused"))
        try Data("bad".utf8).write(to: URL(filePath: world.scratch.file("escaped-source")))
        symlink("/etc/passwd", folder + "/control/pins")
        link(folder + "/control/paused", folder + "/control/twin")
        mkfifo(folder + "/control/reverts", 0o600)
        let members: [(String, [String])] = [
            ("absolute", ["-P", "\(folder)/control/paused"]),
            ("dots", ["-P", "control/../../escaped-source"]),
            ("symbolic link", ["control/pins"]),
            ("hard link", ["control/paused", "control/twin"]),
            ("pipe", ["control/reverts"]),
            ("folder", ["access"]),
            ("not in the manifest", ["control/paused"]),
            ("twice", ["control/paused", "control/paused"]),
            ("extended", ["--format=pax", "--pax-option=comment:=x", "control/paused"]),
        ]
        return try await members.asyncMap { name, arguments in
            let path = world.scratch.file("hostile-\(name).tar")
            let made = try await execute(
                "tar",
                ["--format=ustar", "--hard-dereference", "-C", folder, "-cf", path].filter {
                    name != "hard link" || $0 != "--hard-dereference"
                }
                    + arguments)
            #expect(made.code == 0, "\(name): \(made.errors)")
            // Behind it the good ones: `tar -A` takes off the end of the first.
            let joined = try await execute("tar", ["-A", "-f", path, good])
            #expect(joined.code == 0, "\(name): \(joined.errors)")
            return (name, path)
        }
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
