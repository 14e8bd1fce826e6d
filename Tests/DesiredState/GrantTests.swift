import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct GrantTests {
    private static func text(_ more: String = "", name: String = "g", duration: String = "45m", reason: String = "x") -> String
    {
        PolicyTests.document(
            "Grant", name, "{ person: alice, role: debug, duration: \(duration), reason: \"\(reason)\"\(more) }")
    }
    private static func load(_ items: [String: MemoryTree.Item]) throws -> LoadedGrants {
        try DesiredStateLoader(runtimes: [:]).loadGrants(MemoryTree(items))
    }
    private static func item(_ text: String) -> MemoryTree.Item { .file(Array(text.utf8)) }

    @Test func everything() throws {
        let loaded = try Self.load([
            "grants/g.yaml": Self.item(Self.text(", notBefore: 2026-11-23T19:00:00+01:00, breakGlass: true")),
            "grants/h.yaml": Self.item(Self.text(name: "h", duration: "720h")), "grants/README.md": "x", "grants/.gitkeep": "",
        ])
        #expect(loaded.broken.isEmpty, "\(loaded.broken)")
        #expect(loaded.tree != nil)
        #expect(loaded.files.map(\.path) == ["grants/g.yaml", "grants/h.yaml"])
        let name = Name(literal: "g")
        #expect(
            loaded.files.first?.grant
                == Grant(
                    name: name, person: Name(literal: "alice"), role: Name(literal: "debug"), duration: .seconds(2700),
                    reason: "x", notBefore: Instant(milliseconds: 1_795_456_800_000), breakGlass: true))
        #expect(loaded.files.last?.grant.breakGlass == false)
        #expect(loaded.files.last?.grant.notBefore == nil)
    }

    @Test func noGrants() throws {
        let loaded = try Self.load(["README.md": "x"])
        #expect(loaded.tree == nil && loaded.files.isEmpty && loaded.broken.isEmpty)
    }

    @Test(arguments: [
        ("duration: 45m", "duration: 0s", "duration has to be from 1s to 720h"),
        ("duration: 45m", "duration: 721h", "duration has to be from 1s to 720h"),
        ("duration: 45m", "duration: 720h1ms", "duration has to be from 1s to 720h"),
        ("duration: 45m", "duration: -1", "a duration with units"),
        ("duration: 45m", "duration: 1h1h", "a duration with units"),
        ("duration: 45m", "duration: 1e30", "a duration with units"),
        ("duration: 45m", "duration: 1000000000000000000000000000000h", "a duration with units"),
        ("duration: 45m", "duration: 45", "a duration with units"), (", duration: 45m", "", "needs the field 'duration'"),
        ("reason: \"x\"", "reason: \"\"", "reason has to be one line of text"),
        ("reason: \"x\"", "reason: \"  \"", "reason has to be one line of text"),
        ("reason: \"x\"", "reason: \"a\\nb\"", "reason has to be one line of text"),
        ("reason: \"x\"", "reason: \"\\e[2J\"", "reason has to be one line of text"),
        ("reason: \"x\"", "reason: \"\\u202e\"", "reason has to be one line of text"),
        ("reason: \"x\"", "reason: \"\\L\"", "reason has to be one line of text"), ("reason: \"x\"", "reason: 5", "in quotes"),
        ("person: alice", "person: \"a,b\"", "DNS label"), ("person: alice", "person: \"*\"", "DNS label"),
        ("person: alice", "person: -alice", "DNS label"), ("person: alice", "person: team:x", "DNS label"),
        ("role: debug", "rolle: debug", "unknown field 'rolle'; did you mean 'role'?"),
        ("kind: Grant", "kind: Grnat", "did you mean 'Grant'?"),
        ("kind: Grant", "kind: Role", "kind Role belongs in policies/, not in grants/"),
        ("reason: \"x\"", "reason: x, notBefore: tomorrow", "notBefore has to be a moment"),
        ("reason: \"x\"", "reason: x, breakGlass: 1", "breakGlass has to be true or false"),
        ("name: g", "name: h", "the file has to be called h.yaml"), ("spec:", "spec:\n  a: 1\nspec:", "stands twice"),
    ])
    func refuses(_ old: String, _ new: String, _ message: String) throws {
        let loaded = try Self.load(["grants/g.yaml": Self.item(Self.text().replacing(old, with: new))])
        #expect(loaded.files.isEmpty)
        let broken = try #require(loaded.broken.first)
        #expect(broken.path == "grants/g.yaml")
        #expect(broken.diagnostics.contains { $0.message.contains(message) }, "\(broken.diagnostics)")
        #expect(broken.diagnostics.allSatisfy { $0.file == "grants/g.yaml" && $0.severity == .error && $0.line > 0 })
    }

    @Test func allMistakesAtOnce() throws {
        let text = Self.text(", rolle: x", name: "other", duration: "0s", reason: "")
        let broken = try #require(try Self.load(["grants/g.yaml": Self.item(text)]).broken.first)
        #expect(broken.diagnostics.count == 4, "\(broken.diagnostics)")
        #expect(broken.diagnostics.first?.message == "the file has to be called other.yaml, as metadata.name says")
    }

    @Test func longReasons() throws {
        let longest = try Self.load(["grants/g.yaml": Self.item(Self.text(reason: String(repeating: "x", count: 512)))])
        #expect(longest.files.count == 1)
        let longer = try Self.load(["grants/g.yaml": Self.item(Self.text(reason: String(repeating: "x", count: 513)))])
        #expect(longer.broken.first?.diagnostics.first?.message.contains("513 bytes") == true)
        let huge = try Self.load(["grants/g.yaml": Self.item(Self.text(reason: String(repeating: "x", count: 1 << 20)))])
        #expect(huge.broken.first?.diagnostics.first?.message.contains("at most 16384") == true)
    }

    @Test func whatIsNoPlainFileOfGrantsGivesNothing() throws {
        let good = Self.item(Self.text())
        let loaded = try Self.load([
            "grants/sub/g.yaml": good, "grants/link.yaml": .symlink("g.yaml"), "grants/module": .submodule,
            "grants/wrong.yaml": good, "grants/g.yml": good, "grants/empty.yaml": "",
            "grants/two.yaml": Self.item(Self.text(name: "two") + "---\n" + Self.text(name: "two")), "grants/bad.yaml": "[",
            "other/g.yaml": good, "g.yaml": good,
        ])
        #expect(loaded.files.isEmpty)
        #expect(
            Set(loaded.broken.map(\.path)) == [
                "grants/sub", "grants/link.yaml", "grants/module", "grants/wrong.yaml", "grants/g.yml", "grants/empty.yaml",
                "grants/two.yaml", "grants/bad.yaml",
            ])
        #expect(loaded.broken.allSatisfy { !$0.diagnostics.isEmpty })
    }

    @Test func grantsThatAreNoFolder() throws {
        for item in [.symlink("/etc"), .file([]), .submodule] as [MemoryTree.Item] {
            let loaded = try Self.load(["grants": item])
            #expect(loaded.tree == nil && loaded.broken.map(\.path) == ["grants"])
        }
    }

    @Test func eachFileStandsAlone() throws {
        let loaded = try Self.load(["grants/a.yaml": "[", "grants/g.yaml": Self.item(Self.text())])
        #expect(loaded.files.map(\.grant.name.rawValue) == ["g"])
        #expect(loaded.broken.map(\.path) == ["grants/a.yaml"])
    }

    @Test func oneChangedFileOfAThousandIsReadAlone() throws {
        let loader = DesiredStateLoader(runtimes: [:])
        var items: [String: MemoryTree.Item] = [:]
        for index in 0..<1000 { items["grants/g\(index).yaml"] = Self.item(Self.text(name: "g\(index)")) }
        let first = MemoryTree(items)
        #expect(try loader.loadGrants(first).files.count == 1000)
        #expect(first.reads.total == 1000)
        items["grants/g7.yaml"] = Self.item(Self.text(name: "g7", duration: "1h"))
        let second = MemoryTree(items)
        let loaded = try loader.loadGrants(second)
        #expect(second.reads.total == 1)
        #expect(loaded.files.first { $0.grant.name.rawValue == "g7" }?.grant.duration == .seconds(3600))
        // The same through the whole load.
        #expect(try loader.load(second, revision: ObjectID(number: 1)).bundles.isEmpty)
        #expect(second.reads.total == 1)
    }

    /// One blob under two names is one grant and one mistake.
    @Test func oneBlobAtTwoPaths() throws {
        let loaded = try Self.load(["grants/g.yaml": Self.item(Self.text()), "grants/h.yaml": Self.item(Self.text())])
        #expect(loaded.files.map(\.path) == ["grants/g.yaml"])
        #expect(loaded.broken.map(\.path) == ["grants/h.yaml"])
    }

    @Test(arguments: [
        "x", "INC-1: a \"quoted\" \\ back\\slash", "a: b # no comment", "- list", "{ flow }", "'single'",
        "  spaces at both ends  ",
        "ümläut 😀 \u{FEFF}bom \u{FFFE} end", "*alias &anchor !tag %directive @at `tick`", "null", "5", "~",
        String(repeating: "word ", count: 102),
    ])
    func whatIsWrittenIsReadBack(_ reason: String) throws {
        for (notBefore, breakGlass) in [
            (nil, false), (Instant(milliseconds: 1_795_456_800_000), true), (Instant(milliseconds: 7), false),
        ]
            as [(Instant?, Bool)]
        {
            for duration in [Span.seconds(1), .milliseconds(3_723_004), .seconds(30 * 86400)] {
                let grant = Grant(
                    name: Name(literal: "g"), person: Name(literal: "alice"), role: Name(literal: "debug"), duration: duration,
                    reason: reason, notBefore: notBefore, breakGlass: breakGlass)
                let loaded = try Self.load(["grants/g.yaml": Self.item(GrantWriter.yaml(grant))])
                #expect(loaded.files.map(\.grant) == [grant], "\(loaded.broken)")
            }
        }
    }

    /// A reason that nobody may write stays one value of one field all the same.
    @Test(arguments: ["a\nbreakGlass: true", "a\"\n  breakGlass: true", "a\u{85}b", "a\u{2028}b", "\u{0}", "\u{7}"])
    func nothingLeavesItsQuotes(_ reason: String) throws {
        let grant = Grant(
            name: Name(literal: "g"), person: Name(literal: "alice"), role: Name(literal: "debug"), duration: .seconds(60),
            reason: reason)
        let loaded = try Self.load(["grants/g.yaml": Self.item(GrantWriter.yaml(grant))])
        #expect(loaded.files.isEmpty)
        let messages = loaded.broken.flatMap(\.diagnostics).map(\.message)
        #expect(messages.count == 1 && messages[0].hasPrefix("reason h"), "\(messages)")
    }
}
