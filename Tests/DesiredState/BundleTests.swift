import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct BundleTests {
    private func file(_ name: String, _ more: String = "") -> MemoryTree.Item {
        .file(Array(Fixture.workload(name, more).utf8))
    }
    private let revision = ObjectID(number: 1)

    @Test func foldersAreBundlesAndLooseFilesAreTheDefaultOne() throws {
        let loaded = try Fixture.load([
            "manifests/loose.yaml": file("loose"), "manifests/a/one.yml": file("one"),
            "manifests/a/deep/er/two.yaml": file("two"),
            "manifests/default/three.yaml": file("three"), "manifests/README.md": "not yaml: [", "README.md": "x",
        ])
        #expect(loaded.allDiagnostics.isEmpty, "\(loaded.allDiagnostics)")
        let names = loaded.bundles.mapValues { $0.workloads.map { $0.desired.workload.name.rawValue } }
        #expect(names == [Name(literal: "default"): ["loose", "three"], Name(literal: "a"): ["one", "two"]])
    }

    @Test func oddThingsInManifests() throws {
        let loaded = try Fixture.load([
            "manifests/Web/w.yaml": file("w"), "manifests/link": .symlink("/etc"), "manifests/sub": .submodule,
            "manifests/passwd.yaml": .symlink("/etc/passwd"), "manifests/a/up.yaml": .symlink("../../secret.yaml"),
            "manifests/a/vendor": .submodule, "manifests/a/x.yaml": .submodule, "manifests/a/note": .symlink("x"),
            "manifests/good/w.yaml": file("good"),
        ])
        let found = loaded.allDiagnostics.map { "\($0.file): \($0.message.prefix(24))" }
        #expect(
            found == [
                "manifests/Web: a folder in manifests/ i", "manifests/a/up.yaml: a symbolic link is never",
                "manifests/a/vendor: a submodule is never fet", "manifests/a/x.yaml: a submodule is never fet",
                "manifests/link: a symbolic link is never", "manifests/passwd.yaml: a symbolic link is never",
                "manifests/sub: a submodule is never fet",
            ])
        let assembly = assemble(loaded, lastGood: [:], allowsPrune: false)
        #expect(assembly.good == [Name(literal: "good")])
        #expect(assembly.desired.held.map(\.bundle.rawValue) == ["a", "default"])
    }

    @Test func aNewlineInAFileNameCannotFakeALine() throws {
        let loaded = try Fixture.load(["manifests/a/x\nmanifests/b/y.yaml:1:1: error: z.yaml": "kind: 5"])
        #expect(!loaded.allDiagnostics.isEmpty)
        #expect(loaded.allDiagnostics.allSatisfy { !$0.description.contains("\n") && $0.description.contains("\\u{a}") })
    }

    @Test func filesOfAnArtifactAreNoManifests() throws {
        let loaded = try Fixture.load([
            "manifests/web/web.yaml": file("web", "  artifact: { path: manifests/web/site }"),
            "manifests/web/site/config.yaml": "some: other thing", "manifests/web/site/link.yaml": .symlink("/etc/passwd"),
            "manifests/web/sites/other.yaml": file("other"),
        ])
        #expect(loaded.allDiagnostics.isEmpty, "\(loaded.allDiagnostics)")
        #expect(loaded.bundles[Name(literal: "web")]?.workloads.map(\.name.rawValue) == ["web", "other"])
    }

    @Test func anArtifactThatIsNamedLaterIsNoManifestEither() throws {
        let loaded = try Fixture.load([
            "manifests/web/a/config.yaml": "some: other thing",
            "manifests/web/b/web.yaml": file("web", "  artifact: { path: manifests/web/a }"),
        ])
        #expect(loaded.allDiagnostics.isEmpty, "\(loaded.allDiagnostics)")
        #expect(loaded.bundles[Name(literal: "web")]?.workloads.map(\.name.rawValue) == ["web"])
    }

    @Test func artifactsOfABrokenWorkloadAreNoManifestsEither() throws {
        let loaded = try Fixture.load([
            "manifests/web/web.yaml": file("web", "  artifact: { path: manifests/web/site }\n  replicas: x"),
            "manifests/web/site/config.yaml": "some: other thing",
        ])
        #expect(loaded.allDiagnostics.map(\.file) == ["manifests/web/web.yaml"])
    }

    @Test func namesAndPortsThatAreUsedTwiceInABundle() throws {
        let loaded = try Fixture.load([
            "manifests/a/1.yaml": file("w", "  ports: [{ name: p, expose: 80 }]"), "manifests/a/2.yaml": file("w"),
            "manifests/a/3.yaml": file("v", "  ports: [{ name: p, expose: 80 }]"),
        ])
        #expect(
            loaded.allDiagnostics.map(\.description) == [
                "manifests/a/2.yaml:3:19: error: workload 'w' is already defined at manifests/a/1.yaml:3:19",
                "manifests/a/3.yaml:7:30: error: expose 80 is already taken by workload 'w' at manifests/a/1.yaml",
            ])
    }

    @Test func policiesAndGrantsAreReadButDoNothing() throws {
        let loaded = try Fixture.load([
            "manifests/a/w.yaml": file("w"),
            "policies/alice.yaml": "apiVersion: curfew/v1\nkind: Person\nmetadata: { name: alice }\nspec: { emails: [a@b] }\n",
            "policies/bob.yaml": "apiVersion: curfew/v1\nkind: Persn\nmetadata: { name: bob }\nspec: {}\n",
            "grants/alice-1.yaml":
                "apiVersion: curfew/v1\nkind: Grant\nmetadata: { name: alice-1 }\nspec: { person: alice, role: r, duration: 5m, reason: x }\n",
            "grants/README.md": "x",
        ])
        #expect(
            loaded.allDiagnostics.map(\.description) == [
                "grants/alice-1.yaml:0:0: warning: this gives no access: trust.mode is none",
                "policies:0:0: warning: policies/ is read but not enforced: trust.mode is none",
                "policies/bob.yaml:2:7: error: unknown kind 'Persn'; did you mean 'Person'?",
            ])
        #expect(assemble(loaded, lastGood: [:], allowsPrune: false).good == [Name(literal: "a")])
    }

    @Test func aFileThatIsTooLarge() throws {
        let text = Fixture.workload("w") + "\n# " + String(repeating: "x", count: 2000)
        let found = try Fixture.diagnostics(text, limits: LoadLimits(fileSize: 1024))
        #expect(found.count == 1)
        #expect(found.first?.message.contains("at most 1024 are allowed") == true)
    }

    @Test func whatDidNotChangeIsNotReadAgain() throws {
        let loader = Fixture.loader()
        var items = ["site/x": "1", "manifests/b/w.yaml": file("other")] as [String: MemoryTree.Item]
        for index in 0..<200 { items["manifests/a/w\(index).yaml"] = file("w\(index)", "  artifact: { path: site }") }
        let first = MemoryTree(items)
        let before = try loader.load(first, revision: ObjectID(number: 1))
        #expect(first.reads.total == 201)

        let again = MemoryTree(items)
        let unchanged = try loader.load(again, revision: ObjectID(number: 2))
        #expect(again.reads.total == 0)
        #expect(unchanged.bundles[Name(literal: "a")]?.workloads.first?.desired.revision == ObjectID(number: 2))

        items["manifests/a/w7.yaml"] = file("w7", "  replicas: 3")
        items["manifests/a/new.yaml"] = file("new")
        let changed = MemoryTree(items)
        let after = try loader.load(changed, revision: ObjectID(number: 3))
        #expect(changed.reads.total == 2)
        #expect(after.bundles[Name(literal: "a")]?.workloads.count == 201)

        // Another artifact is another generation, although no manifest changed.
        items["site/x"] = "2"
        let rebuilt = MemoryTree(items)
        let last = try loader.load(rebuilt, revision: ObjectID(number: 4))
        #expect(rebuilt.reads.total == 0)
        func generation(_ revision: LoadedRevision, _ name: String) -> Generation? {
            revision.bundles[Name(literal: "a")]?.workloads.first { $0.name.rawValue == name }?.desired.generation
        }
        #expect(generation(after, "w8") == generation(before, "w8"))
        #expect(generation(last, "w8") != generation(before, "w8"))
        #expect(generation(last, "new") == generation(after, "new"))
    }

    @Test func oneBundleAlone() throws {
        let loader = Fixture.loader()
        let tree = MemoryTree(["manifests/a/w.yaml": file("w"), "manifests/b/x.yaml": file("x")])
        let bundle = try #require(try loader.loadBundle(Name(literal: "a"), in: tree, revision: revision))
        #expect(bundle.workloads.map(\.name.rawValue) == ["w"])
        #expect(tree.reads.total == 1)
        #expect(try loader.loadBundle(Name(literal: "c"), in: tree, revision: revision) == nil)
        #expect(try loader.loadBundle(Name(literal: "default"), in: tree, revision: revision) == nil)
    }

    @Test func onlyTheObjectDatabaseThrows() throws {
        struct Broken: FileTree {
            let root = ObjectID(number: 9)
            struct Failure: Error {}
            func entries(of tree: ObjectID) throws -> [FileEntry] { throw Failure() }
            func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
                -> BlobRead<Result>
            { throw Failure() }
        }
        #expect(throws: Broken.Failure.self) { try Fixture.loader().load(Broken(), revision: revision) }
    }
}
