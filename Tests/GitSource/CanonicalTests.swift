import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewGitSource

/// What Git would not have written is a verdict against the commit that brings it, and never stops the branch.
@Suite(.timeLimit(.minutes(2))) struct CanonicalTests {
    private struct World {
        let fixture: Fixture
        let mirror: Mirror
        let blob: String

        init(_ label: String) async throws {
            fixture = try await Fixture(label)
            try await fixture.commit("Base", ["policies/p.yaml": "p", "manifests/m.yaml": "m"])
            mirror = try await fixture.mirror()
            blob = try await git("rev-parse", "HEAD:a.txt", in: fixture.work)
        }

        /// A tree of these entries in just this order.
        func tree(_ entries: [(mode: String, name: [UInt8], id: String)]) async throws -> String {
            var data = Data()
            for (mode, name, id) in entries {
                data += Array(mode.utf8) + [0x20] + name + [0]
                data += stride(from: 0, to: 40, by: 2).compactMap { UInt8(id.dropFirst($0).prefix(2), radix: 16) }
            }
            return try await fixture.object("tree", data)
        }

        /// Puts a commit of these bytes on the branch and asks for the facts.
        func facts(_ commit: String) async throws -> CommitFacts {
            let id = try await fixture.object("commit", Data(commit.utf8))
            // As a server without checks has it.
            try await git("push", "-qf", "origin", "\(id):refs/heads/main", in: fixture.work)
            #expect(try await mirror.refresh().tip.hex == id)
            return try await mirror.facts(of: try #require(ObjectID(id)))
        }

        func head(_ tree: String, _ parent: String) -> String {
            "tree \(tree)\nparent \(parent)\nauthor a <a@b> 1700000000 +0000\ncommitter a <a@b> 1700000000 +0000\n\nx\n"
        }
    }

    @Test func oddTreesAreProblems() async throws {
        let world = try await World("trees")
        let (base, blob) = (try await world.fixture.head().hex, world.blob)
        let folder = try await world.tree([("100644", Array("x".utf8), blob)])
        func name(_ text: String) -> [UInt8] { Array(text.utf8) }
        let odd: [[(mode: String, name: [UInt8], id: String)]] = [
            [("40000", name("p"), folder), ("40000", name("p"), folder)],
            [("100644", name("b"), blob), ("100644", name("a"), blob)],
            [("100644", name("a"), blob), ("100644", name("a.b"), blob), ("40000", name("a"), folder)],
            [("100640", name("a"), blob)], [("777", name("a"), blob)], [("0", name("a"), blob)],
            [("040000", name("a"), folder)],
            [("100644", name("a/b"), blob)], [("40000", name(".GIT"), folder)], [("100644", name(".."), blob)],
            [("100644", name("git~1"), blob)],
        ]
        for entries in odd {
            let facts = try await world.facts(world.head(world.tree(entries), base))
            #expect(!facts.problems.isEmpty, "\(entries)")
            // What an owner puts on top of it is judged by itself.
            let tree = try await git("rev-parse", "\(base)^{tree}", in: world.fixture.work)
            let next = try await world.facts(world.head(tree, facts.id.hex))
            #expect(next.problems.isEmpty, "\(entries) \(next.problems)")
        }
        let good = try await world.tree([("100644", [0xC3], blob), ("100644", Array("\u{E9}".utf8), blob)])
        #expect(try await world.facts(world.head(good, base)).problems == [])
    }

    @Test func aSecondEntryHidesNothing() async throws {
        let world = try await World("twice")
        let base = try await world.fixture.head().hex
        let policies = try await git("rev-parse", "HEAD:policies", in: world.fixture.work)
        let empty = try await world.fixture.object("tree", Data())
        let facts = try await world.facts(
            world.head(
                world.tree([("40000", Array("policies".utf8), policies), ("40000", Array("policies".utf8), empty)]), base))
        #expect(!facts.problems.isEmpty)
        let gone = try await world.facts(world.head(world.tree([("40000", Array("policies".utf8), empty)]), base))
        #expect(gone.emptiesPolicies && gone.problems.isEmpty && gone.changes.contains { $0.path == "policies/p.yaml" })
    }

    @Test func oddCommitsAreProblems() async throws {
        let world = try await World("commits")
        let base = try await world.fixture.head().hex
        let tree = try await git("rev-parse", "HEAD^{tree}", in: world.fixture.work)
        let (author, committer) = ("author a <a@b> 1 +0000\n", "committer a <a@b> 1 +0000\n")
        let start = "tree \(tree)\nparent \(base)\n"
        for text in [
            "\(start)\(committer)\(author)\nx\n", "\(start)\(author)\(author)\(committer)\nx\n",
            "\(start)\(author)\(committer)parent \(base)\n\nx\n", "\(start)\(author)\(committer)tree \(tree)\n\nx\n",
            "\(start)author a a@b 1 +0000\n\(committer)\nx\n", "\(start)\(author)committer a <a@b> x +0000\n\nx\n",
            "\(start)\(author)\(committer)\nx\0y\n",
            "tree \(tree)\n" + String(repeating: "parent \(base)\n", count: 65) + author + committer + "\nx\n",
            "\(start)\(author)\(committer)\n" + String(repeating: "x", count: 5 << 20),
        ] {
            let facts = try await world.facts(text)
            #expect(!facts.problems.isEmpty, "\(text.prefix(300))")
            #expect(facts.parents.first?.hex == base)
            #expect(try await world.mirror.step(facts.id).commit.problems == facts.problems || facts.parents.count > 1)
            #expect(try await world.facts(world.head(tree, facts.id.hex)).problems.isEmpty)
        }
        let extra = "encoding UTF-8\nHG:extra x\n"
        #expect(try await world.facts("\(start)\(author)\(committer)\(extra)\nx\n").problems.isEmpty)
        // Git itself would not push such a one.
        try world.fixture.scratch.write("lacking", world.head(String(repeating: "1", count: 40), base))
        let id = try await git(
            "hash-object", "-t", "commit", "-w", "--literally", world.fixture.scratch.file("lacking"), in: world.fixture.remote)
        try await git("update-ref", "refs/heads/main", id, in: world.fixture.remote)
        #expect(try await world.mirror.refresh().tip.hex == id)
        let lacking = try await world.mirror.facts(of: try #require(ObjectID(id)))
        #expect(lacking.problems.contains { $0.contains("cannot be read") }, "\(lacking.problems)")
    }

    @Test func aMergeOfTooManyIsAProblem() async throws {
        let world = try await World("many")
        let base = try await world.fixture.head().hex
        let tree = try await git("rev-parse", "HEAD^{tree}", in: world.fixture.work)
        let made = try await execute(
            "sh",
            [
                "-c",
                "p=\(base); i=0; while [ $i -lt 1001 ]; do printf 'commit refs/heads/side\\ncommitter a <a@b> 1 +0000\\ndata 1\\nx\\n'; [ $i = 0 ] && printf 'from \(base)\\n'; printf '\\n'; i=$((i+1)); done | git fast-import --quiet --force && git rev-parse side",
            ], in: world.fixture.work)
        let side = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let merge = try await world.facts(
            "tree \(tree)\nparent \(base)\nparent \(side)\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx\n")
        let step = try await world.mirror.step(merge.id)
        #expect(step.commit.problems.contains { $0.contains("more than 1000") }, "\(step.commit.problems)")
    }

    /// Git reads such histories; only what is judged has to be whole.
    @Test func malformedLinesDeepInHistoryAreFollowed() async throws {
        let world = try await World("malformed")
        let base = try await world.fixture.head().hex
        let tree = try await git("rev-parse", "HEAD^{tree}", in: world.fixture.work)
        let bad = try await world.facts("tree \(tree)\nparent \(base)\nauthor dev dev 1 +0000\ncommitter dev dev\n\nold\n")
        #expect(!bad.problems.isEmpty)
        let next = try await world.facts(world.head(tree, bad.id.hex))
        let merge = try await world.facts(
            "tree \(tree)\nparent \(base)\nparent \(next.id)\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx\n")
        #expect(next.problems.isEmpty && merge.problems.isEmpty)
        let root = try #require(ObjectID(base))
        #expect(try await world.mirror.isAncestor(root, of: next.id))
        #expect(try await !world.mirror.isAncestor(next.id, of: root))
        #expect(try await world.mirror.step(merge.id).merged.map(\.id) == [next.id, bad.id])
        #expect(try await world.mirror.steps(from: root, to: next.id, limit: 10) == [bad.id, next.id])
        // A new mirror of that history, and a push on top of it.
        let fresh = try await world.fixture.mirror(name: "fresh.git")
        #expect(try await fresh.refresh().tip == merge.id)
    }
}
