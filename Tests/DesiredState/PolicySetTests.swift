import CurfewDesiredState
import CurfewModel
import Testing

/// What documents of `policies/` say of each other.
@Suite struct PolicySetTests {
    private func load(
        _ files: [String: [(kind: String, name: String, spec: String)]], backends: Set<Name>? = nil
    ) throws -> LoadedPolicies {
        let items = files.mapValues { documents in
            MemoryTree.Item.file(
                Array(documents.map { PolicyTests.document($0.kind, $0.name, $0.spec) }.joined(separator: "---\n").utf8))
        }
        return try DesiredStateLoader(runtimes: [:], backends: backends, enforcesPolicies: true).loadPolicies(MemoryTree(items))
    }
    private func person(_ name: String, _ more: String = "") -> (kind: String, name: String, spec: String) {
        ("Person", name, "{ emails: [\(name)@x]\(more) }")
    }

    @Test func noPolicies() throws {
        let loaded = try DesiredStateLoader(runtimes: [:]).loadPolicies(MemoryTree(["README.md": "x"]))
        #expect(loaded.set == PolicySet() && loaded.diagnostics.isEmpty && !loaded.isBroken)
    }

    @Test func whatIsNoFolderIsBroken() throws {
        for item in [.symlink("/etc"), .file([]), .submodule] as [MemoryTree.Item] {
            let loaded = try DesiredStateLoader(runtimes: [:]).loadPolicies(MemoryTree(["policies": item]))
            #expect(loaded.isBroken)
            #expect(loaded.diagnostics.map(\.file) == ["policies"])
            let revision = try Fixture.load(["policies": item, "manifests/a/w.yaml": .file(Array(Fixture.workload("w").utf8))])
            #expect(assemble(revision, lastGood: [:], allowsPrune: false).good.map(\.rawValue) == ["a"])
            #expect(revision.diagnostics.contains { $0.severity == .error })
        }
    }

    @Test func namesAreUniqueByKindAcrossFiles() throws {
        let loaded = try load([
            "policies/a.yaml": [person("x"), ("Team", "x", "{ members: [] }")],
            "policies/deep/b.yaml": [("Team", "x", "{ members: [x] }")],
        ])
        #expect(
            loaded.diagnostics.map(\.description) == [
                "policies/deep/b.yaml:3:19: error: Team 'x' is already defined at policies/a.yaml:8:19"
            ])
    }

    @Test func addressesAndKeysBelongToOnePerson() throws {
        let key = PolicyTests.ed25519
        let loaded = try load([
            "policies/1.yaml": [person("zoe", ", signingKeys: [\(key)], loginKeys: [\(key)]")],
            "policies/2.yaml": [person("amy", ", loginKeys: [\(key) amy]"), ("Person", "eve", "{ emails: [e@x, ZOE@X] }")],
        ])
        #expect(
            loaded.diagnostics.map(\.description) == [
                "policies/2.yaml:4:38: error: this ssh-ed25519 key is that of 'zoe' at policies/1.yaml:4:40; it can belong to one person only",
                "policies/2.yaml:9:23: error: the address zoe@x is that of 'zoe' at policies/1.yaml:4:18; it can belong to one person only",
            ])
    }

    /// Base64 with stray bits is another text for the same key.
    @Test func oneKeyHasOneSpelling() throws {
        // The last letter before the padding carries bits that stand for nothing.
        let body =
            "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
        func found(_ body: String) throws -> [String] {
            try load(["policies/a.yaml": [person("a", ", loginKeys: [\"ecdsa-sha2-nistp256 \(body)\"]")]]).diagnostics.map(
                \.message)
        }
        #expect(try found(body).isEmpty)
        #expect(try found(String(body.dropLast(2)) + "F=").first?.contains("base64 is damaged") == true)
        let longer =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBAAAA"
        #expect(
            try load(["policies/a.yaml": [person("a", ", loginKeys: [\(longer)]")]]).diagnostics.first?.message.contains(
                "more behind its end") == true)
    }

    @Test func circlesOfTeams() throws {
        let loaded = try load([
            "policies/a.yaml": [
                ("Team", "a", "{ members: [team:b] }"), ("Team", "b", "{ members: [team:c] }"),
                ("Team", "c", "{ members: [team:a] }"), ("Team", "self", "{ members: [team:self] }"),
                ("Team", "fine", "{ members: [team:a] }"),
            ]
        ])
        #expect(
            loaded.diagnostics.map(\.description) == [
                "policies/a.yaml:3:19: error: teams contain each other: a → b → c → a",
                "policies/a.yaml:18:19: error: teams contain each other: self → self",
            ])
    }

    @Test func backendsAreCheckedWhereTheyAreKnown() throws {
        let files = ["policies/a.yaml": [(kind: "Role", name: "r", spec: "{ binds: [{ backend: bastoin }] }")]]
        #expect(try load(files).diagnostics.isEmpty)
        #expect(
            try load(files, backends: [Name(literal: "bastion")]).diagnostics.map(\.description) == [
                "policies/a.yaml:4:28: error: backend: there is no backend 'bastoin'; did you mean 'bastion'? (configured: bastion)"
            ])
        #expect(try load(files, backends: []).diagnostics.first?.message.contains("(configured: none)") == true)
    }

    @Test func aSecondErrorThatOnlyFollowsIsNotTold() throws {
        // Nobody knows whether the file that cannot be read defines bob; that alice is wrong is told once.
        let loader = DesiredStateLoader(runtimes: [:])
        let team = PolicyTests.document("Team", "t", "{ members: [alice, bob] }")
        let broken = PolicyTests.document("Person", "alice", "{ emails: 5 }")
        let one = try loader.loadPolicies(
            MemoryTree(["policies/a.yaml": .file(Array((broken + "---\n" + team).utf8)), "policies/b.yaml": "["]))
        #expect(one.diagnostics.map(\.file) == ["policies/a.yaml", "policies/b.yaml"], "\(one.diagnostics)")
        #expect(one.isBroken)
    }

    @Test func allMistakesAtOnce() throws {
        let loaded = try load([
            "policies/a.yaml": [("Person", "a", "{ emails: [x] }"), ("Team", "t", "{ membres: [] }")],
            "policies/b.yaml": [("Role", "r", "{ binds: [] }"), ("Grant", "g", "{}")],
        ])
        #expect(loaded.diagnostics.count == 5, "\(loaded.diagnostics)")
        #expect(loaded.diagnostics.contains { $0.message == "kind Grant belongs in grants/, not in policies/" })
        #expect(loaded.diagnostics.allSatisfy { $0.line > 0 && $0.column > 0 })
    }

    @Test func aTreeThatDidNotChangeIsNotReadAgain() throws {
        let loader = DesiredStateLoader(runtimes: [:])
        let items =
            ["policies/a.yaml": .file(Array(PolicyTests.document("Team", "t", "{ members: [] }").utf8))]
            as [String: MemoryTree.Item]
        let first = MemoryTree(items)
        let before = try loader.loadPolicies(first)
        let again = MemoryTree(items.merging(["README.md": "x"]) { $1 })
        let after = try loader.loadPolicies(again)
        #expect((first.reads.total, again.reads.total) == (1, 0))
        #expect(before.set == after.set)
        #expect(before.set.tree != nil)
    }

    @Test func rolesThatTouchNothingAreWarnedOf() throws {
        let role = PolicyTests.document("Role", "r", "{ binds: [{ backend: b }], touches: [web, wbe] }")
        let items =
            [
                "manifests/a/w.yaml": .file(Array(Fixture.workload("web").utf8)), "policies/a.yaml": .file(Array(role.utf8)),
            ] as [String: MemoryTree.Item]
        let loader = DesiredStateLoader(
            runtimes: [Fixture.local: Fixture.capabilities], enforcesPolicies: true)
        for number in 1...2 {
            let loaded = try loader.load(MemoryTree(items), revision: ObjectID(number: number))
            #expect(
                loaded.allDiagnostics.map(\.description) == [
                    "policies/a.yaml:4:49: warning: touches: there is no workload 'wbe'; nothing is replaced when a grant of this role ends; did you mean 'web'?"
                ])
        }
        // Once the workload is there, although policies/ did not change.
        let with = items.merging(["manifests/a/x.yaml": .file(Array(Fixture.workload("wbe").utf8))]) { $1 }
        #expect(try loader.load(MemoryTree(with), revision: ObjectID(number: 3)).allDiagnostics.isEmpty)
        // A file that cannot be read may define it.
        let unreadable = items.merging(["manifests/a/x.yaml": "["]) { $1 }
        #expect(
            try loader.load(MemoryTree(unreadable), revision: ObjectID(number: 4)).allDiagnostics.map(\.file) == [
                "manifests/a/x.yaml"
            ])
    }

    @Test func aMistakeInPoliciesHoldsNoBundle() throws {
        let loaded = try Fixture.load([
            "manifests/a/w.yaml": .file(Array(Fixture.workload("w").utf8)), "policies/a.yaml": "[", "grants/b.yaml": "[",
        ])
        let assembly = assemble(loaded, lastGood: [:], allowsPrune: false)
        #expect(assembly.good.map(\.rawValue) == ["a"] && assembly.desired.held.isEmpty)
        #expect(assembly.diagnostics.filter { $0.severity == .error }.map(\.file) == ["grants/b.yaml", "policies/a.yaml"])
    }
}
