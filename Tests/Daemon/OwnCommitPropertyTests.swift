@testable import CurfewDaemon
import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// Whatever a branch holds: what Curfew makes of it, a service that knows nothing but the branch takes.
@Suite(.timeLimit(.minutes(3))) struct OwnCommitPropertyTests {
    private let scratch: Scratch
    private let keys: SigningKeys
    private let now = WallClock.system.now
    private var repository: String { scratch.file("branch.git") }

    init() async throws {
        scratch = try Scratch("own")
        keys = try await SigningKeys(scratch, "curfew", "dave")
        try await git("init", "-q", "--bare", "-b", "main", "branch.git", in: scratch.path)
    }

    /// What one folder may hold: any names, files in place of folders, links, manifests good and broken.
    private struct Content {
        var random: Numbers
        static let names = ["web", "api", "site", "a.yaml", "b.yaml", "é", "e\u{301}", "\u{301}x", "x y", "-x", "a\\b", "*"]

        mutating func pick(_ list: [String]) -> String { list[Int(random.next() % UInt64(list.count))] }
        mutating func chance(_ one: UInt64) -> Bool { random.next() % one == 0 }

        mutating func text() -> String {
            let web =
                "apiVersion: curfew/v1\nkind: Workload\nmetadata: { name: NAME }\nspec: { runtime: local, command: [\"WORD\"], artifact: { path: PLACE } }\n"
            let word = "\(random.next() % 5)"
            switch random.next() % 4 {
            case 0:
                return web.replacing("NAME", with: pick(["web", "api", "db"])).replacing("WORD", with: word)
                    .replacing("PLACE", with: pick(["sites/web", "manifests/web/site", "policies", "grants", "."]))
            case 1: return (0..<12).map { "line \($0) \(chance(3) ? word : "")\n" }.joined()
            default: return word
            }
        }
    }

    /// Random changes as `git fast-import` reads them.
    private func history(_ content: inout Content, commits: Int) -> Data {
        var stream = Data()
        func line(_ text: String) { stream += Data((text + "\n").utf8) }
        for index in 0..<commits {
            line("commit refs/heads/main")
            line("mark :\(index + 1)")
            line("committer dave <dave@example.org> \(1_700_000_000 + index) +0000")
            let message = "Change \(index)" + (content.chance(4) ? "\n\nCurfew-Revert: x" : "")
            line("data \(message.utf8.count)\n\(message)")
            if index > 0 { line("from :\(index)") }
            if index > 2, content.chance(4) { line("merge :\(1 + Int(content.random.next() % UInt64(index - 1)))") }
            for _ in 0..<(1 + content.random.next() % 4) {
                let top = content.pick(["manifests", "manifests", "manifests", "policies", "grants", "sites", "README"])
                var path = top
                while !content.chance(2) || path == "manifests" { path += "/" + content.pick(Content.names) }
                let quoted = "\"" + path.replacing("\\", with: "\\\\") + "\""
                if index > 0, content.chance(5) {
                    line("D \(quoted)")
                } else {
                    let text = content.text()
                    line("M \(content.pick(["100644", "100644", "100644", "100755", "120000"])) inline \(quoted)")
                    line("data \(text.utf8.count)\n\(text)")
                }
            }
        }
        return stream
    }

    @Test(arguments: UInt64(0)..<6) func whatCurfewMakesIsTakenByWhoKnowsNothing(_ seed: UInt64) async throws {
        var content = Content(random: Numbers(seed: seed))
        let file = scratch.file("stream")
        try history(&content, commits: 14).write(to: URL(filePath: file))
        let imported = try await execute("sh", ["-c", "git fast-import --quiet <\"$0\"", file], in: repository)
        #expect(imported.code == 0, "\(imported.errors)")
        let line = try await git("rev-list", "--first-parent", "--reverse", "main", in: repository).split(separator: "\n")
            .compactMap { ObjectID(String($0)) }
        let (root, tip) = (try #require(line.first), try #require(line.last))
        let mirror = Mirror(
            path: repository,
            location: RepositoryLocation(
                url: repository,
                identity: GitIdentity(name: "Curfew", email: "curfew@example.org", signingKeyFile: keys.path("curfew"))),
            worker: [])
        try await mirror.open(cleaning: false)
        let rules = TrustRules(owners: [Name(literal: "dave")], curfewKey: try keys.key("curfew"))
        let loader = DesiredStateLoader(runtimes: [:], enforcesPolicies: true)
        let trust = TrustKeeper(
            mirror: mirror, loader: loader, rules: rules, root: root,
            journal: try Journal(path: scratch.file("journal.sqlite")))
        let push = OwnPush(trust: trust, clock: .system)
        let fresh = Inspection(objects: repository, rules: rules, root: root)
        var made: [ObjectID] = []
        for deploy in line.dropFirst() {
            for bundle in [nil, Name(literal: "web"), Name(literal: "default"), Name(literal: "api")] {
                let note = RevertNote(commit: deploy, bundle: bundle)
                let scope = try await trust.own.scope(of: deploy, bundle: bundle)
                do {
                    made.append(
                        try await mirror.makeRevert(
                            of: deploy, within: scope, onto: tip, subject: nil,
                            body: "It failed.\n\n" + note.lines.joined(separator: "\n") + "\n", at: now))
                } catch let error as GitError where error.code == .conflict {}
            }
        }
        // Everything that lies in grants/, all at once and each alone.
        let tree = try await mirror.tree(at: tip)
        if let folder = try tree.entry(at: "grants") {
            let entries = folder.kind == .folder ? try tree.entries(of: folder.id) : []
            var files = Dictionary(uniqueKeysWithValues: entries.map { (RepositoryPath("grants").appending($0.name), $0.id) })
            if folder.kind != .folder { files["grants"] = folder.id }
            for part in [files] + files.map({ [$0.key: $0.value] }) {
                let removal = try await mirror.makeRemoval(
                    of: part, onto: tip, message: "Revert\n\nCurfew-Grant: x \(tip)\n", at: now)
                made.append(try #require(removal))
            }
        }
        #expect(made.count > 3)
        for commit in made {
            try await push.admit(commit)
            let verdicts = try await fresh.steps(from: tip, to: commit)
            #expect(verdicts.map(\.verdict) == [.accepted(signer: nil, approvedBy: [])], "\(verdicts)")
            // What the record knows is known; the same bytes under another parent are not.
            #expect(try await trust.record.origin(of: commit) == .recorded)
        }
        try await trust.record.begin(at: tip, anew: false)
        let foreign = try await mirror.makeRevert(of: tip, onto: tip, subject: "Not made here", body: "", at: now)
        #expect(try await trust.record.origin(of: foreign) == .unknown)
        #expect(try await trust.record.origin(of: line[1]) == .branch)
    }
}
