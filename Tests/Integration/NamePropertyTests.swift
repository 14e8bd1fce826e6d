import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// For random names of bytes: what is loaded is exactly what the gates have judged.
@Suite(.timeLimit(.minutes(2))) struct NamePropertyTests {
    /// Pieces of names that text and bytes see differently.
    private static let pieces: [[UInt8]] = [
        Array("a".utf8), Array("b1".utf8), Array("-".utf8), Array(".".utf8), Array("_".utf8), Array("\u{301}".utf8),
        Array("\u{E9}".utf8),
        Array("e\u{301}".utf8), Array("\u{200D}".utf8), Array("\u{1F1E6}".utf8), [0xFF], [0xC3], Array(" ".utf8),
        Array("\n".utf8), Array("\\".utf8),
    ]

    private func name() -> [UInt8] {
        let isPlain = Bool.random()
        let stem = (0..<Int.random(in: 1...4)).flatMap { _ in Self.pieces[Int.random(in: 0..<(isPlain ? 2 : Self.pieces.count))]
        }
        return stem + Array([".yaml", ".yml", ".md", ""].randomElement()?.utf8 ?? "".utf8)
    }

    private func write(_ kind: String, _ data: Data, in scratch: Scratch) async throws -> String {
        let file = scratch.file("object")
        try data.write(to: URL(filePath: file))
        return try await git("hash-object", "-t", kind, "-w", "--literally", file, in: scratch.file("r.git"))
    }

    private func tree(_ entries: [(mode: String, name: [UInt8], id: String)], in scratch: Scratch) async throws -> String {
        func key(_ entry: (mode: String, name: [UInt8], id: String)) -> [UInt8] {
            entry.name + (entry.mode == "40000" ? Array("/".utf8) : [])
        }
        var data = Data()
        for (mode, name, id) in entries.sorted(by: { key($0).lexicographicallyPrecedes(key($1)) }) {
            data += Array(mode.utf8) + [0x20] + name + [0]
            data += stride(from: 0, to: 40, by: 2).compactMap { UInt8(id.dropFirst($0).prefix(2), radix: 16) }
        }
        return try await write("tree", data, in: scratch)
    }

    @Test func whatIsLoadedWasJudged() async throws {
        let scratch = try Scratch("names")
        try await git("init", "-q", "--bare", "-b", "main", "r.git", in: scratch.path)
        let keys = try await SigningKeys(scratch, "dave")
        let key = try keys.key("dave")
        let owner = try #require(Name("dave"))
        let policies = PolicySet(
            tree: nil, persons: [Person(name: owner, emails: ["a@b"], signingKeys: [PersonKey(key)], loginKeys: [])])
        let repository = scratch.file("r.git")
        let mirror = Mirror(path: repository, location: RepositoryLocation(url: repository), worker: [])
        try await mirror.open(cleaning: false)
        for round in 0..<25 {
            var names: Set<[UInt8]> = []
            for _ in 0..<Int.random(in: 1...6) { names.insert(name()) }
            names = names.filter { FileName(bytes: $0).fault == nil }
            var entries: [(mode: String, name: [UInt8], id: String)] = []
            var expected: Set<String> = []
            for (index, name) in names.enumerated() {
                let text =
                    "apiVersion: curfew/v1\nkind: Person\nmetadata: { name: p\(index) }\nspec: { emails: [p\(index)@example.org] }\n"
                entries.append(("100644", name, try await write("blob", Data(text.utf8), in: scratch)))
                let file = FileName(bytes: name)
                if file.isPlain, file.ends(with: ".yaml") || file.ends(with: ".yml") { expected.insert("p\(index)") }
            }
            let root = try await tree([("40000", Array("policies".utf8), tree(entries, in: scratch))], in: scratch)
            let commit = try await write(
                "commit", Data("tree \(root)\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\n\(round)\n".utf8),
                in: scratch)
            let id = try #require(ObjectID(commit))
            var facts = try await mirror.facts(of: id)
            #expect(
                Set(facts.changes.map(\.path)) == Set(names.map { RepositoryPath("policies").appending(FileName(bytes: $0)) }))
            #expect(facts.changes.allSatisfy { $0.path.isIn("policies") })
            // Loaded: the persons, each from a file of its own.
            let loaded = try DesiredStateLoader(runtimes: [:]).loadPolicies(await mirror.tree(at: id))
            #expect(Set(loaded.set.persons.keys.map(\.rawValue)) == expected)
            // Judged: whatever has another name is refused, and told with it.
            let odd = names.filter { !FileName(bytes: $0).isPlain }
            facts.signature = .good(key)
            let verdict = TrustGate.judge(
                BranchStep(commit: facts), policies: policies, policiesAreBroken: false, rules: TrustRules(owners: [owner]),
                approvals: [], now: Instant(milliseconds: 1_800_000_000_000))
            let reasons: [String] = if case .refused(let reasons) = verdict { reasons } else { [] }
            #expect(reasons.count { $0.contains("rename it") } == odd.count, "\(reasons)")
            #expect(loaded.isBroken || odd.isEmpty)
            for name in odd {
                let shown = RepositoryPath("policies").appending(FileName(bytes: name)).shown
                #expect(loaded.diagnostics.contains { $0.file == shown && $0.severity == .error }, "\(shown)")
            }
        }
    }
}
