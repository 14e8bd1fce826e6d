import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("Disk and logs") struct StorageTests {
    @Test(
        "A full disk is told as such, leaves nothing half made, and all goes on when there is space", .timeLimit(.minutes(1)),
        .enabled(if: geteuid() == 0))
    func fullDisk() async throws {
        let fixture = try Fixture("disk")
        try FileManager.default.createDirectory(atPath: fixture.folder, withIntermediateDirectories: true)
        #expect(try await tool("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "none", fixture.folder]).code == 0)
        do {
            try await fixture.run { runtime async throws -> Void in
                let small = try fixture.artifacts.add(["index.html": "x"])
                let large = try fixture.artifacts.add(["index.html": String(repeating: "x", count: 3 << 20)])
                let first = try newID()
                _ = try await runtime.start(first, of: try serving(small))
                // Whoever writes the artifact tells it in its own way; nothing of it may stay.
                await #expect(throws: DriverError.self) { try await runtime.prepare(try serving(large)) }
                #expect(!names(fixture.folder + "/store").contains { $0.hasPrefix(".tmp") })

                let filler = try needed(fopen(fixture.folder + "/filler", "w"))
                let block = [UInt8](repeating: 1, count: 4096)
                while fwrite(block, 1, block.count, filler) == block.count, fflush(filler) == 0 {}
                fclose(filler)
                let second = try newID()
                let error = await #expect(throws: DriverError.self) { try await runtime.start(second, of: try serving(small)) }
                #expect(error?.code == .storage)
                #expect(names(fixture.folder + "/instances") == [first.rawValue])
                #expect(try await runtime.observe().map(\.id) == [first])

                unlink(fixture.folder + "/filler")
                _ = try await runtime.start(second, of: try serving(small))
                #expect(try await runtime.observe().count == 2)
            }
        } catch {
            Issue.record(error)
        }
        #expect(try await tool("/usr/bin/umount", ["-l", fixture.folder]).code == 0)
    }

    @Test("Folders nested deeper than any path, and links out of them, are removed without following", .timeLimit(.minutes(1)))
    func deepRemoval() throws {
        let scratch = try Scratch("deep")
        try scratch.write("precious/file", "keep")
        mkdir(scratch.file("top"), 0o700)
        var folder = try Descriptor.open(scratch.file("top"), O_RDONLY | O_DIRECTORY, for: "test")
        for _ in 0..<3000 {
            symlinkat(scratch.file("precious"), folder.number, "link")
            mkdirat(folder.number, "d", 0o700)
            folder = Descriptor(owning: openat(folder.number, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        }
        try Files.remove(scratch.file("top"), for: "test")
        #expect(!exists(scratch.file("top")))
        #expect(text(scratch.file("precious/file")) == "keep")
        try Files.remove(scratch.file("top"), for: "test")
    }

    @Test("A log is rotated while the instance writes on, and the tail goes across the files", .timeLimit(.minutes(1)))
    func rotation() async throws {
        let fixture = try Fixture("rotate") {
            $0.logLimit = ByteCount(1000)
            $0.logFiles = 3
        }
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add([
                "run": "i=0\nwhile :; do i=$((i+1)); echo line $i 0123456789012345678901234567890123456789; sleep 0.002; done\n"
            ])
            let id = try newID()
            _ = try await runtime.start(id, of: try desired(artifact: artifact, command: ["sh", "run"]))
            #expect(
                await eventually {
                    await runtime.rotateLogs()
                    return runtime.logFiles(id).count == 3
                })
            let files = runtime.logFiles(id)
            #expect(files.map { $0.hasSuffix(".log.2") } == [true, false, false] && files.last?.hasSuffix("\(id).log") == true)
            #expect(files == LocalRuntime.logFiles(id, folder: fixture.folder))
            let tail = try await runtime.logTail(id, lines: 20)
            #expect(tail.count == 20)
            #expect(!(try await runtime.hasExited(id)))
            // No hole at the beginning of a file that was cut while it was open.
            #expect(files.allSatisfy { !text($0).contains("\0") })
            try await runtime.stop(id, grace: .zero)
            #expect(try await runtime.logTail(id, lines: 5).count == 5)
        }
    }

    @Test("The logs of the last ten instances that have gone are kept, and nobody else's", .timeLimit(.minutes(1)))
    func pruning() async throws {
        let fixture = try Fixture("prune")
        try await fixture.run { runtime async throws -> Void in
            let running = try newID()
            _ = try await runtime.start(running, of: try desired(artifact: .none, command: ["sleep", "1000"]))
            var ids: [InstanceID] = []
            for _ in 0..<12 {
                let id = try newID()
                ids.append(id)
                _ = try await runtime.start(id, of: try desired(artifact: .none, command: ["echo", "\(id)"]))
                #expect(try await eventually { try await runtime.hasExited(id) })
                try await runtime.stop(id, grace: .zero)
            }
            #expect(names(fixture.folder + "/logs/web").count == 11)
            #expect(ids.suffix(10).allSatisfy { !runtime.logFiles($0).isEmpty } && runtime.logFiles(ids[0]).isEmpty)
            #expect(!runtime.logFiles(running).isEmpty)
            #expect(try await runtime.logTail(ids[11], lines: 3) == ["\(ids[11])"])
        }
    }
}
