import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("Tampering") struct TamperTests {
    /// What somebody does to the store or to an instance, and what is said about it.
    enum Deed: String, CaseIterable, CustomTestStringConvertible {
        case change = "file changed: index.html"
        case touch = "file changed: about.html"
        case add = "file added: new.html"
        case remove = "file removed: index.html"
        case mode = "file changed: sub/deep.html"
        case vanish = "it was removed"
        case hosts = "file changed: hosts"
        case record = "record.json was changed"
        var testDescription: String { rawValue }

        func commit(store: String, hostFiles: String, instance: String) throws {
            switch self {
            case .change: try rewrite("\(store)/index.html") { _ in "evil" }
            case .touch: utimes("\(store)/about.html", nil)
            case .add:
                chmod(store, 0o755)
                try Data("new".utf8).write(to: URL(filePath: "\(store)/new.html"))
            case .remove:
                chmod(store, 0o755)
                unlink("\(store)/index.html")
            case .mode: chmod("\(store)/sub/deep.html", 0o777)
            case .vanish: try Files.remove(store, for: "test")
            case .hosts: try rewrite("\(hostFiles)/hosts") { $0 + "6.6.6.6 bank.example\n" }
            case .record: try rewrite("\(instance)/record.json") { $0.replacing("httpd", with: "httpx") }
            }
        }

        private func rewrite(_ path: String, _ body: (String) -> String) throws {
            chmod(path, 0o644)
            let file = try needed(FileHandle(forUpdatingAtPath: path))
            let new = body(text(path))
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data(new.utf8))
            try file.close()
        }
    }

    @Test("It is noticed, told, and gone with a fresh instance", .timeLimit(.minutes(1)), arguments: Deed.allCases)
    func noticed(_ deed: Deed) async throws {
        let fixture = try Fixture("tamper")
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add(["index.html": "good", "about.html": "us", "sub/deep.html": "d"])
            let (first, second) = (try newID(), try newID())
            for id in [first, second] {
                let port = try needed(try await runtime.start(id, of: try serving(artifact)).endpoints.values.first?.port)
                // What is done to the store before the sandbox stands would keep it from starting at all.
                #expect(await eventually { await page(port) == "good" })
            }
            #expect(try await runtime.observe().allSatisfy { $0.tampered == nil })
            let record = try needed(InstanceFolder(path: fixture.instance(first)).look(name: first.rawValue).record)
            try deed.commit(
                store: "\(fixture.folder)/store/\(artifact.digest)",
                hostFiles: "\(fixture.folder)/store/\(record.hostFiles.key)",
                instance: fixture.instance(first))

            let seen = try await runtime.observe()
            #expect(seen.first { $0.id == first }?.tampered?.contains(deed.rawValue) == true)
            // The record is one instance's, the store is everybody's.
            #expect((seen.first { $0.id == second }?.tampered == nil) == (deed == .record))
            #expect(seen.allSatisfy { $0.state == .running && $0.foreign == nil })
            // It is still told the next time, and after a restart.
            #expect(try await runtime.observe() == seen)
            let again = try await fixture.open()
            #expect(try await again.sight(first)?.tampered?.contains(deed.rawValue) == true)
            await again.shutdown()

            let fresh = try newID()
            let started = try await runtime.start(fresh, of: try serving(artifact))
            let port = try needed(started.endpoints.values.first?.port)
            #expect(await eventually { await page(port) == "good" })
            #expect(try await runtime.sight(fresh)?.tampered == nil)
            for id in [first, second] { try await runtime.stop(id, grace: .zero) }
            _ = try await runtime.collectGarbage(keeping: [artifact.digest])
            #expect(!names(fixture.folder + "/store").contains { $0.hasPrefix(".tampered") })
            #expect(try await runtime.observe().map(\.tampered) == [nil])
        }
    }

    @Test("Garbage: what runs and what is kept stays, the rest goes", .timeLimit(.minutes(1)))
    func garbage() async throws {
        let fixture = try Fixture("gc")
        try await fixture.run { runtime async throws -> Void in
            let (running, kept, unused) = (
                try fixture.artifacts.add(["a": "1"]), try fixture.artifacts.add(["a": "2"]),
                try fixture.artifacts.add(["a": "3"])
            )
            let id = try newID()
            _ = try await runtime.start(id, of: try serving(running))
            for artifact in [kept, unused] { try await runtime.prepare(try serving(artifact)) }
            #expect(try await runtime.collectGarbage(keeping: [kept.digest]) == 1)
            let store = names(fixture.folder + "/store")
            #expect(
                store.contains(running.digest) && store.contains(kept.digest) && !store.contains { $0.contains(unused.digest) })
            #expect(try await runtime.collectGarbage(keeping: [kept.digest]) == 0)
            #expect(try await runtime.sight(id)?.tampered == nil)
            try await runtime.stop(id, grace: .zero)
            #expect(try await runtime.collectGarbage(keeping: []) == 2)
            // The host files of the next start stay.
            #expect(names(fixture.folder + "/store").count == 2)
            _ = try await runtime.start(id, of: try serving(running))
        }
    }
}
