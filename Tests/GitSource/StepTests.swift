import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// What a branch brings, step by step.
@Suite(.timeLimit(.minutes(2))) struct StepTests {
    private func ids(_ range: String, _ options: String..., in folder: String) async throws -> [ObjectID] {
        let result = try await execute("git", ["rev-list"] + options + [range], in: folder)
        return result.output.split(separator: "\n").compactMap { ObjectID(String($0)) }
    }

    @Test func stepsAreTheFirstParentsOldestFirst() async throws {
        let fixture = try await Fixture("steps")
        let keys = try await SigningKeys(fixture.scratch, "alice", "bob")
        let base = try await fixture.head()
        // Each by another key or none: a verdict must not land on its neighbour.
        for index in 0..<12 {
            try fixture.scratch.write("work/\(index).txt", "\(index)")
            try await git("add", "-A", in: fixture.work)
            if index % 3 == 0 {
                try await git("commit", "-qm", "\(index)", in: fixture.work)
            } else {
                try await keys.git(as: index % 3 == 1 ? "alice" : "bob", "commit", "-qm", "\(index)", in: fixture.work)
            }
        }
        try await git("push", "-q", "origin", "main", in: fixture.work)
        let mirror = try await fixture.mirror()
        let tip = try await mirror.refresh().tip
        let steps = try await mirror.steps(from: base, to: tip, limit: 100)
        #expect(steps == (try await ids("\(base)..\(tip)", "--reverse", in: fixture.work)))
        for (index, id) in steps.enumerated() {
            let facts = try await mirror.facts(of: id)
            let expected: SignatureCheck =
                index % 3 == 0 ? .none : .good(try keys.key(index % 3 == 1 ? "alice" : "bob"))
            #expect(facts.signature == expected && facts.message == "\(index)\n")
        }
        for limit in [0, 1, 2, 5, 11, 12] {
            #expect(try await mirror.steps(from: base, to: tip, limit: limit) == Array(steps.prefix(limit)), "\(limit)")
        }
        #expect(try await mirror.steps(from: tip, to: tip, limit: 100).isEmpty)
        #expect(await gitError { _ = try await mirror.steps(from: tip, to: base, limit: 100) }?.code == .invalid)
    }

    @Test func aMergeBringsItsCommits() async throws {
        let fixture = try await Fixture("merge")
        let keys = try await SigningKeys(fixture.scratch, "alice", "bob")
        let base = try await fixture.head()
        try await git("checkout", "-q", "-b", "topic", in: fixture.work)
        for name in ["b.txt", "c.txt"] {
            try fixture.scratch.write("work/\(name)", "x")
            try await git("add", "-A", in: fixture.work)
            try await keys.git(as: "alice", "commit", "-qm", "Add \(name)", in: fixture.work)
        }
        let topic = try await fixture.head()
        try await git("checkout", "-q", "main", in: fixture.work)
        try await keys.git(as: "bob", "merge", "-q", "--no-ff", "-m", "Merge", "topic", in: fixture.work)
        try await git("push", "-q", "origin", "main", in: fixture.work)
        let mirror = try await fixture.mirror()
        let tip = try await mirror.refresh().tip
        #expect(try await mirror.steps(from: base, to: tip, limit: 10) == [tip])
        let step = try await mirror.step(tip)
        #expect(step.commit.parents == [base, topic])
        #expect(step.commit.signature == .good(try keys.key("bob")))
        #expect(step.commit.changes.allSatisfy { $0.isFromMergedParent })
        #expect(step.merged.map(\.message) == ["Add c.txt\n", "Add b.txt\n"])
        let alice = try keys.key("alice")
        #expect(step.merged.allSatisfy { $0.signature == .good(alice) })
        // What came by a second parent is not on the line.
        #expect(await gitError { _ = try await mirror.steps(from: topic, to: tip, limit: 10) }?.code == .invalid)
    }

    @Test func aMergeWithContentOfItsOwnSaysSo() async throws {
        let fixture = try await Fixture("evil")
        try await git("checkout", "-q", "-b", "topic", in: fixture.work)
        try fixture.scratch.write("work/b.txt", "x")
        try await git("add", "-A", in: fixture.work)
        try await git("commit", "-qm", "Topic", in: fixture.work)
        try await git("checkout", "-q", "main", in: fixture.work)
        try await git("merge", "-q", "--no-ff", "--no-commit", "topic", in: fixture.work)
        try fixture.scratch.write("work/own.txt", "mine")
        try await git("add", "-A", in: fixture.work)
        try await git("commit", "-qm", "Merge", in: fixture.work)
        try await git("push", "-q", "origin", "main", in: fixture.work)
        let mirror = try await fixture.mirror()
        let changes = try await mirror.step(try await mirror.refresh().tip).commit.changes
        #expect(changes.map(\.path) == ["b.txt", "own.txt"])
        #expect(changes.map(\.isFromMergedParent) == [true, false])
    }

    @Test func aLongUnrelatedLineIsRefusedByReading() async throws {
        let fixture = try await Fixture("unrelated")
        let base = try await fixture.head()
        try await git("checkout", "-q", "--orphan", "other", in: fixture.work)
        for index in 0..<5 { try await git("commit", "-q", "--allow-empty", "-m", "\(index)", in: fixture.work) }
        try await git("push", "-qf", "origin", "HEAD:main", in: fixture.work)
        let mirror = try await fixture.mirror()
        let tip = try await mirror.refresh().tip
        #expect(await gitError { _ = try await mirror.steps(from: base, to: tip, limit: 2) }?.code == .invalid)
    }
}
