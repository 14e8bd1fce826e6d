import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct AssemblyTests {
    private func file(_ name: String, _ more: String = "") -> MemoryTree.Item {
        .file(Array(Fixture.workload(name, more).utf8))
    }
    private func assembled(_ items: [String: MemoryTree.Item], over earlier: [String: MemoryTree.Item]? = nil) throws
        -> Assembly
    {
        var lastGood: [Name: LoadedBundle] = [:]
        if let earlier {
            let loaded = try Fixture.load(earlier, revision: 1)
            for name in assemble(loaded, lastGood: [:], allowsPrune: false).good { lastGood[name] = loaded.bundles[name] }
        }
        return assemble(try Fixture.load(items, revision: 2), lastGood: lastGood, allowsPrune: false)
    }
    private func running(_ assembly: Assembly) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: assembly.desired.workloads.map { ($0.key.rawValue, $0.value.workload.replicas) })
    }
    private func held(_ assembly: Assembly) -> [String] { assembly.desired.held.map(\.bundle.rawValue) }

    @Test func everythingGood() throws {
        let assembly = try assembled(["manifests/a/1.yaml": file("db"), "manifests/b/2.yaml": file("web", "  dependsOn: [db]")])
        #expect(assembly.diagnostics.isEmpty)
        #expect(assembly.good.map(\.rawValue) == ["a", "b"])
        #expect(running(assembly) == ["db": 1, "web": 1])
        #expect(assembly.desired.held.isEmpty)
        #expect(assembly.desired.revision == ObjectID(number: 2))
    }

    @Test func aMistakeStaysInItsBundle() throws {
        let assembly = try assembled(
            [
                "manifests/a/1.yaml": file("db", "  replicas: oops"), "manifests/a/2.yaml": file("cache", "  replicas: 7"),
                "manifests/b/3.yaml": file("web", "  replicas: 7"),
            ],
            over: ["manifests/a/1.yaml": file("db"), "manifests/a/2.yaml": file("cache"), "manifests/b/3.yaml": file("web")])
        // Whole or not at all: the good file of the bad bundle waits too.
        #expect(running(assembly) == ["db": 1, "cache": 1, "web": 7])
        #expect(
            assembly.desired.held == [
                HeldBundle(
                    bundle: Name(literal: "a"), lastGood: ObjectID(number: 1), diagnostics: assembly.diagnostics,
                    keeps: [Name(literal: "cache"), Name(literal: "db")])
            ])
        #expect(assembly.desired.workloads[Name(literal: "cache")]?.revision == ObjectID(number: 1))
        #expect(assembly.desired.workloads[Name(literal: "web")]?.revision == ObjectID(number: 2))
        #expect(
            assembly.diagnostics.map(\.description) == [
                "manifests/a/1.yaml:7:13: error: replicas has to be an integer from 0 to 1000, not 'oops'"
            ])
    }

    @Test func neverGoodMeansNothingRuns() throws {
        let assembly = try assembled(["manifests/a/1.yaml": file("db", "  x: 1")])
        #expect(running(assembly) == [:])
        #expect(assembly.desired.held.first?.lastGood == nil)
        #expect(assembly.desired.held.first?.keeps == [Name(literal: "db")])
    }

    @Test func dependentsWait() throws {
        let before = [
            "manifests/a/1.yaml": file("db"), "manifests/b/2.yaml": file("api", "  dependsOn: [db]"),
            "manifests/c/3.yaml": file("web", "  dependsOn: [api]"), "manifests/d/4.yaml": file("alone"),
        ]
        var after = before.mapValues { _ in "" as MemoryTree.Item }
        after["manifests/a/1.yaml"] = file("db", "  x: 1")
        after["manifests/b/2.yaml"] = file("api", "  dependsOn: [db]\n  replicas: 7")
        after["manifests/c/3.yaml"] = file("web", "  dependsOn: [api]\n  replicas: 7")
        after["manifests/d/4.yaml"] = file("alone", "  replicas: 7")
        let assembly = try assembled(after, over: before)
        #expect(running(assembly) == ["db": 1, "api": 1, "web": 1, "alone": 7])
        #expect(held(assembly) == ["a", "b", "c"])
        #expect(
            assembly.diagnostics.map(\.description) == [
                "manifests/a/1.yaml:7:3: error: unknown field 'x'",
                "manifests/b/2.yaml:7:15: error: bundle 'b' waits for bundle 'a', which is held",
                "manifests/c/3.yaml:7:15: error: bundle 'c' waits for bundle 'b', which is held",
            ])
    }

    @Test func oneNameInTwoBundles() throws {
        let both = ["manifests/a/1.yaml": file("w", "  replicas: 2"), "manifests/b/2.yaml": file("w", "  replicas: 3")]
        // Without a history the later one is wrong.
        let fresh = try assembled(both)
        #expect(running(fresh) == ["w": 2])
        #expect(
            fresh.diagnostics.map(\.description) == [
                "manifests/b/2.yaml:3:19: error: workload 'w' is already defined by bundle 'a' at manifests/a/1.yaml:3:19"
            ])
        // With one, who had the name keeps it.
        let known = try assembled(both, over: ["manifests/b/2.yaml": file("w")])
        #expect(running(known) == ["w": 3])
        #expect(held(known) == ["a"])
        #expect(known.diagnostics.first?.file == "manifests/a/1.yaml")
    }

    @Test func onePortInTwoBundles() throws {
        let port = "  ports: [{ name: p, expose: 80 }]"
        let both = ["manifests/a/1.yaml": file("v", port), "manifests/b/2.yaml": file("w", port)]
        #expect(held(try assembled(both)) == ["b"])
        let known = try assembled(both, over: ["manifests/b/2.yaml": file("w", port)])
        #expect(held(known) == ["a"])
        #expect(
            known.diagnostics.map(\.description) == [
                "manifests/a/1.yaml:7:30: error: expose 80 is already taken by workload 'w' of bundle 'b' at manifests/b/2.yaml"
            ])
    }

    @Test func aWorkloadMovesFromAHeldBundle() throws {
        // a drops w and has a mistake, b takes w: b waits until a lets go.
        let assembly = try assembled(
            ["manifests/a/1.yaml": file("v", "  x: 1"), "manifests/b/2.yaml": file("w", "  replicas: 2")],
            over: ["manifests/a/1.yaml": file("v"), "manifests/a/2.yaml": file("w"), "manifests/b/3.yaml": file("u")])
        #expect(running(assembly) == ["v": 1, "w": 1, "u": 1])
        #expect(held(assembly) == ["a", "b"])
        #expect(assembly.diagnostics.contains { $0.message.contains("still runs from bundle 'a', which is held at 00000000") })
    }

    @Test func aWorkloadMovesBetweenGoodBundles() throws {
        let assembly = try assembled(
            ["manifests/a/1.yaml": file("v"), "manifests/b/2.yaml": file("w", "  replicas: 2")],
            over: ["manifests/a/1.yaml": file("v"), "manifests/a/2.yaml": file("w")])
        #expect(assembly.diagnostics.isEmpty)
        #expect(running(assembly) == ["v": 1, "w": 2])
    }

    @Test func whatAHeldBundleNeedsIsNotTakenAway() throws {
        let assembly = try assembled(
            ["manifests/a/1.yaml": file("other"), "manifests/b/2.yaml": file("web", "  x: 1")],
            over: ["manifests/a/1.yaml": file("db"), "manifests/b/2.yaml": file("web", "  dependsOn: [db]")])
        #expect(running(assembly) == ["db": 1, "web": 1])
        #expect(held(assembly) == ["a", "b"])
        #expect(
            assembly.diagnostics.contains { $0.message.contains("removes workload 'db', which 'web' of the held bundle 'b'") })
    }

    @Test func unknownNames() throws {
        let assembly = try assembled([
            "manifests/a/1.yaml": file("orders-db"), "manifests/b/2.yaml": file("w", "  dependsOn: [order-db]"),
        ])
        #expect(
            assembly.diagnostics.map(\.description) == [
                "manifests/b/2.yaml:7:15: error: dependsOn names no workload: 'order-db'; did you mean 'orders-db'?"
            ])
        #expect(running(assembly) == ["orders-db": 1])
    }

    @Test func aSecondErrorThatOnlyFollowsIsNotTold() throws {
        // The file that would define db cannot be read at all: nobody knows whether it does.
        let unreadable = try assembled(["manifests/a/1.yaml": "[", "manifests/b/2.yaml": file("w", "  dependsOn: [db]")])
        #expect(unreadable.diagnostics.map(\.file) == ["manifests/a/1.yaml"])
        let broken = try assembled([
            "manifests/a/1.yaml": file("db", "  x: 1"), "manifests/a/2.yaml": file("w", "  dependsOn: [db]"),
        ])
        #expect(broken.diagnostics.map(\.file) == ["manifests/a/1.yaml"])
    }

    @Test func cyclesAreShownInEveryBundleOnThem() throws {
        let assembly = try assembled([
            "manifests/x/a.yaml": file("a", "  dependsOn: [b]"), "manifests/y/b.yaml": file("b", "  dependsOn: [c]"),
            "manifests/y/c.yaml": file("c", "  dependsOn: [d, a]"), "manifests/y/d.yaml": file("d"),
            "manifests/z/e.yaml": file("e", "  dependsOn: [e]"), "manifests/ok/f.yaml": file("f"),
        ])
        #expect(
            assembly.diagnostics.map(\.description) == [
                "manifests/x/a.yaml:7:15: error: dependsOn goes round in a circle: a → b → c → a",
                "manifests/y/b.yaml:7:15: error: dependsOn goes round in a circle: a → b → c → a",
                "manifests/z/e.yaml:7:15: error: dependsOn goes round in a circle: e → e",
            ])
        #expect(assembly.good.map(\.rawValue) == ["ok"])
    }

    @Test(.timeLimit(.minutes(1))) func aLongChainOverflowsNoStack() throws {
        var text = Fixture.workload("w0")
        for index in 1..<3000 { text += "\n---\n" + Fixture.workload("w\(index)", "  dependsOn: [w\(index - 1)]") }
        let assembly = try assembled(["manifests/a/1.yaml": .file(Array(text.utf8))])
        #expect(assembly.diagnostics.isEmpty)
        #expect(assembly.desired.workloads.count == 3000)
    }

    @Test func manifestsGone() throws {
        let before = ["manifests/a/1.yaml": file("v"), "manifests/b/2.yaml": file("w")]
        for after in [["README": "x"], ["manifests": "a file"], ["manifests": .symlink("/etc")]] as [[String: MemoryTree.Item]]
        {
            let assembly = try assembled(after, over: before)
            #expect(running(assembly) == ["v": 1, "w": 1])
            #expect(held(assembly) == ["a", "b"])
            #expect(assembly.good.isEmpty)
            #expect(assembly.diagnostics.map(\.file) == ["manifests"])
        }
    }

    @Test func aBundleThatIsGoneIsGone() throws {
        let assembly = try assembled(
            ["manifests/a/1.yaml": file("v")], over: ["manifests/a/1.yaml": file("v"), "manifests/b/2.yaml": file("w")])
        #expect(running(assembly) == ["v": 1])
        #expect(assembly.desired.held.isEmpty)
    }

    @Test func threeMistakesInThreeFilesAreAllTold() throws {
        let assembly = try assembled([
            "manifests/a/1.yaml": file("v", "  replica: 1"), "manifests/a/2.yaml": file("w", "  replicas: x"),
            "manifests/b/3.yaml": "a: [", "manifests/c/4.yaml": file("u"),
        ])
        #expect(assembly.diagnostics.map(\.file) == ["manifests/a/1.yaml", "manifests/a/2.yaml", "manifests/b/3.yaml"])
        #expect(assembly.diagnostics.allSatisfy { $0.line > 0 && $0.column > 0 })
    }
}
