import CurfewDrivers
import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Files of an artifact, written from a tree that may have been made to do harm.
@Suite(.timeLimit(.minutes(2))) struct CheckOutTests {
    @Test func filesFoldersAndLinksInsideAreWrittenReadOnly() async throws {
        let fixture = try await Fixture("checkout")
        try fixture.scratch.write("work/run.sh", "#!/bin/sh\n")
        chmod(fixture.scratch.file("work/run.sh"), 0o755)
        try fixture.scratch.write("work/sub/data\nwith newline", "x")
        symlink("sub", fixture.scratch.file("work/link"))
        symlink("../run.sh", fixture.scratch.file("work/sub/back"))
        symlink("./link/back", fixture.scratch.file("work/through"))
        let out = try await checkOut(fixture, fixture.commit("Files"))
        #expect(mode(out + "/run.sh") == S_IFREG | 0o555)
        #expect(mode(out + "/sub/data\nwith newline") == S_IFREG | 0o444)
        #expect(mode(out + "/sub") == S_IFDIR | 0o555)
        #expect(try String(contentsOfFile: out + "/link/data\nwith newline", encoding: .utf8) == "x")
        #expect(try String(contentsOfFile: out + "/through", encoding: .utf8) == "#!/bin/sh\n")
    }

    /// The last ones stay inside when `..` is counted against names; but `here` is the folder itself, and going through it
    /// goes down nowhere.
    @Test(arguments: [
        "/etc/passwd", "..", "../x", "sub/../../x", "./../x", "", "here/../x", "here/here/../../x", "sub/../here/../x",
    ])
    func linksThatLeaveTheTreeAreRefused(_ target: String) async throws {
        let fixture = try await Fixture("links")
        symlink(".", fixture.scratch.file("work/here"))
        try fixture.scratch.write("work/sub/x", "x")
        let tip = try await fixture.commit("Links")
        let blob = try await fixture.object("blob", Data(target.utf8))
        try await git("update-index", "--add", "--cacheinfo", "120000,\(blob),out", in: fixture.work)
        let tree = try await git("write-tree", in: fixture.work)
        let error = await problem { _ = try await checkOut(fixture, tip, tree: tree) }
        #expect(error?.code == .badArtifact, "\(String(describing: error))")
        #expect(error?.message.contains("symlink") ?? false)
    }

    @Test func aSubmoduleIsRefusedWithItsPath() async throws {
        let fixture = try await Fixture("submodule")
        let tip = try await fixture.head()
        try await git("update-index", "--add", "--cacheinfo", "160000,\(tip),vendor/lib", in: fixture.work)
        let tree = try await git("write-tree", in: fixture.work)
        let error = await problem { _ = try await checkOut(fixture, tip, tree: tree) }
        #expect(error?.code == .badArtifact && error?.subject == "vendor/lib", "\(String(describing: error))")
        #expect(error?.message.contains("submodule") ?? false)
    }

    @Test(arguments: [".", "..", ".git", ".GIT", "a/b", "../x", "/x"])
    func namesThatAreNoPlainComponentAreRefused(_ name: String) async throws {
        let fixture = try await Fixture("names")
        let blob = try await fixture.object("blob", Data("x".utf8))
        // Git's own commands would not make such a tree.
        let id = stride(from: 0, to: 40, by: 2).compactMap { UInt8(blob.dropFirst($0).prefix(2), radix: 16) }
        let tree = try await fixture.object("tree", Data("100644 \(name)\0".utf8) + Data(id))
        let tip = try await fixture.head()
        let error = await problem { _ = try await checkOut(fixture, tip, tree: tree) }
        #expect(error?.code == .badArtifact, "\(String(describing: error))")
    }

    @Test func moreBytesThanAllowedAreRefused() async throws {
        let fixture = try await Fixture("large")
        let tip = try await fixture.commit("Files", ["b.txt": "12345", "c.txt": "12345"])
        let error = await problem { _ = try await checkOut(fixture, tip, limit: 12) }
        #expect(error?.message.contains("larger") ?? false, "\(String(describing: error))")
        _ = try await checkOut(fixture, tip, limit: 14)
    }

    /// Checks out the commit's tree, or another one that lies in the work tree's objects; returns the folder.
    private func checkOut(_ fixture: Fixture, _ tip: ObjectID, tree: String? = nil, limit: Int64 = 1 << 20) async throws
        -> String
    {
        let mirror = try await fixture.mirror()
        _ = try await mirror.refresh()
        if tree != nil { try fixture.scratch.write("mirror.git/objects/info/alternates", fixture.work + "/.git/objects\n") }
        let commit = try await mirror.commit(tip)
        let out = fixture.scratch.file("out-\(UInt32.random(in: .min ... .max))")
        mkdir(out, 0o755)
        try await mirror.checkOut(tree: tree.flatMap(ObjectID.init) ?? commit.tree, into: out, limit: ByteCount(limit))
        return out
    }

    private func mode(_ path: String) -> UInt32? {
        var info = stat()
        return lstat(path, &info) == 0 ? info.st_mode : nil
    }

    private func problem(_ body: () async throws -> Void) async -> DriverError? {
        do {
            try await body()
            return nil
        } catch { return error as? DriverError }
    }
}
