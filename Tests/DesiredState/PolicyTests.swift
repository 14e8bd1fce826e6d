import CurfewDesiredState
import CurfewModel
import Testing

/// Documents of `policies/`, one by one.
@Suite struct PolicyTests {
    static let ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
    static let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"

    static func document(_ kind: String, _ name: String, _ spec: String) -> String {
        "apiVersion: curfew/v1\nkind: \(kind)\nmetadata: { name: \(name) }\nspec: \(spec)\n"
    }

    static func load(_ text: String, backends: Set<Name>? = nil) throws -> LoadedPolicies {
        let loader = DesiredStateLoader(runtimes: [:], backends: backends, enforcesPolicies: true)
        return try loader.loadPolicies(MemoryTree(["policies/a.yaml": .file(Array(text.utf8))]))
    }

    private static let people =
        document("Person", "alice", "{ emails: [alice@example.org] }") + "---\n"
        + document("Person", "bob", "{ emails: [bob@example.org] }") + "---\n"
        + document("Team", "oncall", "{ members: [alice, bob] }") + "---\n"
        + document("Role", "debug", "{ binds: [{ backend: bastion }] }") + "---\n"

    @Test func everything() throws {
        let text =
            Self.document(
                "Person", "alice",
                """

                  emails: [Alice@Example.org, a@b]
                  signingKeys:
                    - \(Self.ed25519) alice@laptop
                    - { key: \(Self.other), notBefore: 2026-01-01T00:00:00Z, notAfter: "2026-06-01T02:00:00+02:00" }
                  loginKeys: [\(Self.ed25519)]
                  accounts: { github: Alice-1, unix: alice }
                """) + "---\n" + Self.document("Team", "oncall", "{ members: [alice] }") + "---\n"
            + Self.document("Team", "all", "{ members: [team:oncall, alice] }") + "---\n"
            + Self.document(
                "Role", "debug",
                """

                  binds:
                    - { backend: bastion, with: { principals: [deploy], pty: true, n: -3, deep: [[a, 1], b], empty: [] } }
                    - { backend: root }
                  touches: [web]
                  replace: always
                """) + "---\n"
            + Self.document(
                "AccessPolicy", "oncall",
                """

                  roles: [debug]
                  eligible: [team:all]
                  maxDuration: 2h
                  maxConcurrent: 2
                  reason: { pattern: "^INC-[0-9]+: " }
                  approvals: { count: 1, from: [team:oncall] }
                  window: { days: [mon, fri], from: 08:00, to: "20:00", zone: Europe/Berlin }
                  breakGlass: { maxDuration: 30m, reviewWithin: 24h }
                  requireSelfExpiry: true
                """) + "---\n"
            + Self.document(
                "ChangePolicy", "production",
                """

                  paths: ["manifests/**", "policies/*.yaml"]
                  authors: [alice]
                  approvals: { count: 0 }
                  freezes: [{ from: 2026-12-20T00:00:00Z, to: 2027-01-02T00:00:00.5Z, reason: year end }]
                  window: [{ from: "22:00", to: "00:00" }, { days: [sun] }]
                """)
        let loaded = try Self.load(text)
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
        #expect(!loaded.isBroken)
        let (alice, role) = (Name(literal: "alice"), Name(literal: "debug"))
        let (one, two) = (try #require(SSHPublicKey(Self.ed25519)), try #require(SSHPublicKey(Self.other)))
        #expect(
            loaded.set.persons[alice]
                == Person(
                    name: alice, emails: ["alice@example.org", "a@b"],
                    signingKeys: [
                        PersonKey(one),
                        PersonKey(
                            two, validFrom: Instant(milliseconds: 1_767_225_600_000),
                            validUntil: Instant(milliseconds: 1_780_272_000_000)),
                    ], loginKeys: [one], accounts: ["github": "Alice-1", "unix": "alice"]))
        #expect(loaded.set.members(of: [.team(Name(literal: "all"))]) == [alice])
        #expect(
            loaded.set.roles[role]
                == Role(
                    name: role,
                    binds: [
                        Bind(
                            backend: Name(literal: "bastion"),
                            with: [
                                "principals": .list([.text("deploy")]), "pty": .bool(true), "n": .integer(-3),
                                "deep": .list([.list([.text("a"), .integer(1)]), .text("b")]), "empty": .list([]),
                            ]), Bind(backend: Name(literal: "root")),
                    ], touches: [Name(literal: "web")], replace: .always))
        let oncall = Name(literal: "oncall")
        #expect(
            loaded.set.accessPolicies[oncall]
                == AccessPolicy(
                    name: oncall, roles: [role], eligible: [.team(Name(literal: "all"))], maxDuration: .seconds(7200),
                    maxConcurrent: 2, reasonPattern: "^INC-[0-9]+: ", approvals: Quorum(count: 1, from: [.team(oncall)]),
                    windows: [TimeWindow(days: [.mon, .fri], from: 480, to: 1200, zone: "Europe/Berlin")],
                    breakGlass: .init(maxDuration: .seconds(1800), reviewWithin: .seconds(86400)), requireSelfExpiry: true))
        let production = try #require(loaded.set.changePolicies[Name(literal: "production")])
        #expect(production.paths == ["manifests/**", "policies/*.yaml"])
        #expect(production.windows == [TimeWindow(from: 1320, to: 1440), TimeWindow(days: [.sun])])
        #expect(
            production.freezes == [
                .init(
                    from: Instant(milliseconds: 1_797_724_800_000), to: Instant(milliseconds: 1_798_848_000_500),
                    reason: "year end")
            ])
    }

    @Test func defaults() throws {
        let loaded = try Self.load(
            Self.people + Self.document("AccessPolicy", "p", "{ roles: [debug], eligible: [alice], maxDuration: 1s }") + "---\n"
                + Self.document("ChangePolicy", "c", "{ paths: [a], authors: [bob] }"))
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
        let policy = try #require(loaded.set.accessPolicies[Name(literal: "p")])
        #expect(
            policy
                == AccessPolicy(
                    name: policy.name, roles: [Name(literal: "debug")], eligible: [.person(Name(literal: "alice"))],
                    maxDuration: .seconds(1)))
        #expect(loaded.set.roles[Name(literal: "debug")]?.replace == .used)
        let change = try #require(loaded.set.changePolicies[Name(literal: "c")])
        #expect(change == ChangePolicy(name: change.name, paths: ["a"], authors: [.person(Name(literal: "bob"))]))
    }

    @Test(arguments: [
        ("Person", "{}", "4:7: error: spec needs the field 'emails'"),
        ("Person", "{ emails: [] }", "emails has 0 entries"),
        ("Person", "{ emails: [alice] }", "4:18: error: 'alice' is no e-mail address"),
        ("Person", "{ emails: [\"a b@c\"] }", "no e-mail address"), ("Person", "{ emails: [a@b@c] }", "no e-mail address"),
        ("Person", "{ emails: [\"аlice@example.org\"] }", "no e-mail address"),
        ("Person", "{ emails: [a@b, A@B] }", "emails names 'a@b' twice"),
        ("Person", "{ emails: [a@b], email: [a@b] }", "unknown field 'email'; did you mean 'emails'?"),
        ("Person", "{ emails: [a@b], accounts: { unix: \"-x\" } }", "account 'unix' must not be empty, begin with '-'"),
        ("Person", "{ emails: [a@b], accounts: { unix: \"a\\nb\" } }", "control characters"),
        ("Person", "{ emails: [a@b], accounts: { unix: 5 } }", "put it in quotes"),
        ("Person", "{ emails: [a@b], loginKeys: [hello] }", "has to be one line as in a .pub file"),
        (
            "Person", "{ emails: [a@b], loginKeys: [\"ssh-ed25518 AAAA\"] }",
            "unknown type 'ssh-ed25518'; did you mean 'ssh-ed25519'?"
        ),
        ("Person", "{ emails: [a@b], loginKeys: [\"ssh-dss AAAAB3NzaC1kc3MAAAAA\"] }", "unknown type 'ssh-dss'"),
        ("Person", "{ emails: [a@b], loginKeys: [\"-----BEGIN OPENSSH PRIVATE KEY-----\"] }", "is a private key"),
        ("Person", "{ emails: [a@b], loginKeys: [\"ssh-ed25519 !!!!\"] }", "no base64"),
        (
            "Person",
            "{ emails: [a@b], loginKeys: [\"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\"] }",
            "no ssh-rsa key, but says 'ssh-ed25519'"
        ),
        ("Person", "{ emails: [a@b], loginKeys: [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\"] }", "cut off"),
        (
            "Person", "{ emails: [a@b], loginKeys: [\"\(ed25519)\", \"\(ed25519) comment\"] }",
            "loginKeys names this key twice"
        ),
        ("Person", "{ emails: [a@b], signingKeys: [{ notBefore: 2026-01-01T00:00:00Z }] }", "needs the field 'key'"),
        (
            "Person",
            "{ emails: [a@b], signingKeys: [{ key: \(ed25519), notBefore: 2026-01-01T00:00:00Z, notAfter: 2026-01-01T00:00:00Z }] }",
            "notBefore has to be before notAfter"
        ),
        (
            "Person", "{ emails: [a@b], signingKeys: [{ key: \(ed25519), notAfter: 2026-02-30T00:00:00Z }] }",
            "has to be a moment"
        ),
        ("Team", "{ members: [group:x] }", "has to be the name of a person, or team:<name>"),
        ("Team", "{ members: [alice, alice] }", "members names 'alice' twice"),
        ("Team", "{ members: [alise] }", "there is no person 'alise'; did you mean 'alice'?"),
        ("Team", "{ members: [team:oncal] }", "there is no team 'oncal'; did you mean 'oncall'?"),
        ("Team", "{ members: [oncall] }", "4:19: error: members: there is no person 'oncall'; did you mean 'team:oncall'?"),
        ("Role", "{ binds: [] }", "binds has 0 entries"), ("Role", "{ binds: [{ with: {} }] }", "needs the field 'backend'"),
        ("Role", "{ binds: [{ backend: b, with: { n: 1.5 } }] }", "has to be a text, an integer, true, false or a list"),
        ("Role", "{ binds: [{ backend: b, with: { n: null } }] }", "not nothing"),
        ("Role", "{ binds: [{ backend: b, with: { n: { a: 1 } } }] }", "not a mapping"),
        ("Role", "{ binds: [{ backend: b, with: { n: [[[a]]] } }] }", "not a list"),
        ("Role", "{ binds: [{ backend: b }], replace: sometimes }", "one of always, used, never"),
        ("Role", "{ binds: [{ backend: b }], touches: [w, w] }", "touches names 'w' twice"),
    ])
    func refuses(_ kind: String, _ spec: String, _ message: String) throws {
        let loaded = try Self.load(Self.document(kind, "x", spec) + "---\n" + Self.people)
        #expect(loaded.isBroken)
        #expect(loaded.diagnostics.map(\.description).joined(separator: "\n").contains(message), "\(loaded.diagnostics)")
        #expect(loaded.diagnostics.count == 1, "\(loaded.diagnostics)")
    }

    private static let access = "roles: [debug], eligible: [alice], maxDuration: 1h"
    private static let change = "paths: [a], authors: [alice]"

    @Test(arguments: [
        ("roles: [debug], eligible: [alice], maxDuration: 721h", "maxDuration has to be from 1s to 720h"),
        ("roles: [debug], eligible: [alice], maxDuration: 0s", "from 1s to 720h"),
        ("roles: [debug], eligible: [alice], maxDuration: 1h1h", "a duration with units"),
        ("roles: [debug], eligible: [alice], maxDuration: 60", "a duration with units"),
        ("roles: [debgu], eligible: [alice], maxDuration: 1h", "there is no role 'debgu'; did you mean 'debug'?"),
        ("roles: [], eligible: [alice], maxDuration: 1h", "roles has 0 entries"),
        (access + ", approvals: { count: 1 }", "approvals needs 'from': who may approve"),
        (access + ", approvals: { count: 1, from: [] }", "approvals needs 'from': who may approve"),
        (access + ", approvals: { count: 3, from: [team:oncall, alice] }", "asks for 3 approvals, but 'from' holds 2 persons"),
        (access + ", approvals: { count: 17, from: [alice] }", "integer from 0 to 16"),
        (access + ", window: { zone: Europe/Berlim }", "zone 'Europe/Berlim' is not known"),
        (access + ", window: { zone: Europe/Berlim }", "did you mean 'Europe/Berlin'?"),
        (access + ", window: { zone: ../../etc/passwd }", "is not known"),
        (access + ", window: { zone: GMT+3 }", "is not known"),
        (access + ", window: { from: \"8:00\" }", "has to be a time of day such as \"08:00\", not '8:00'"),
        (access + ", window: { from: \"24:00\" }", "time of day"), (access + ", window: { to: \"24:30\" }", "time of day"),
        (access + ", window: { from: 08:00, to: 08:00 }", "never open"), (access + ", window: []", "window has 0 entries"),
        (access + ", windows: []", "unknown field 'windows'; did you mean 'window'?"),
        (access + ", window: { days: [monday] }", "one of mon, tue"),
        (access + ", breakGlass: { maxDuration: 1h }", "needs the field 'reviewWithin'"),
        (access + ", requireSelfExpiry: yes", "true or false"), (access + ", maxConcurrent: 0", "integer from 1 to 1000"),
        (access + ", reason: { pattern: \"(\" }", "reason.pattern is no regular expression"),
        (access + ", reason: { pattern: \"\\\\1\" }", "reason.pattern is no regular expression"),
        (access + ", reason: {}", "needs the field 'pattern'"),
    ])
    func refusesAccess(_ spec: String, _ message: String) throws {
        let loaded = try Self.load(Self.document("AccessPolicy", "x", "{ \(spec) }") + "---\n" + Self.people)
        #expect(loaded.isBroken)
        #expect(loaded.diagnostics.map(\.description).joined(separator: "\n").contains(message), "\(loaded.diagnostics)")
        #expect(loaded.diagnostics.count == 1, "\(loaded.diagnostics)")
    }

    @Test(arguments: [
        ("paths: [/a], authors: [alice]", "path '/a' has to be relative"), ("paths: [a/../b], authors: [alice]", "relative"),
        ("paths: [\"\"], authors: [alice]", "relative"), ("paths: [\"a\\nb\"], authors: [alice]", "control characters"),
        ("paths: [a, a], authors: [alice]", "twice"), ("paths: [a], authors: []", "authors has 0 entries"),
        ("paths: [\"\(String(repeating: "a", count: 513))\"], authors: [alice]", "513 bytes"),
        (change + ", freezes: [{ from: 2026-12-20T00:00:00Z, to: 2026-12-19T00:00:00Z, reason: r }]", "begin before it ends"),
        (change + ", freezes: [{ from: 2026-12-20, to: 2026-12-21T00:00:00Z, reason: r }]", "has to be a moment"),
        (
            change + ", freezes: [{ from: 2026-12-20T00:00:00Z, to: 2026-12-21T00:00:00Z, reason: \"a\\nb\" }]",
            "one line of text"
        ),
    ])
    func refusesChange(_ spec: String, _ message: String) throws {
        let loaded = try Self.load(Self.document("ChangePolicy", "x", "{ \(spec) }") + "---\n" + Self.people)
        #expect(loaded.isBroken)
        #expect(loaded.diagnostics.map(\.description).joined(separator: "\n").contains(message), "\(loaded.diagnostics)")
        #expect(loaded.diagnostics.count == 1, "\(loaded.diagnostics)")
    }

    /// Whoever asks for access writes the text that the pattern is tried on.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "^([A-Z]+-?)+: ", "^(a|a)*$", "^(a?){30}a{30}$", "^((ab)*)*$", "^.*.*.*.*x", "[A-Z]+-[0-9]+: .+", "^(?:a+){20}$",
            "^a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?x", "^a|.*.*.*b", "^\\Qa+\\E", "^(?<n>a)",
            "^([a[b]c]+)+$",
        ])
    func patternsThatCouldTakeHours(_ pattern: String) throws {
        let quoted = pattern.replacing("\\", with: "\\\\")
        let loaded = try Self.load(
            Self.document("AccessPolicy", "x", "{ \(Self.access), reason: { pattern: \"\(quoted)\" } }") + "---\n" + Self.people
        )
        #expect(loaded.diagnostics.count == 1 && loaded.isBroken, "\(loaded.diagnostics)")
    }

    @Test(arguments: [
        "^INC-[0-9]+: ", "INC-[0-9]+", "^(INC|OPS|CHG)-[0-9]{1,6}: .+", "^[A-Z]+-[0-9]+: .+", "(?i)^inc-[0-9]+",
        "^([A-Z]{2}-){2}",
        "^\\[[^\\]]+\\] \\w+", "^(?:INC-[0-9]+)?: x", "^a{literal}", "^[)*+(]+$",
    ])
    func patternsThatAreFine(_ pattern: String) throws {
        let quoted = pattern.replacing("\\", with: "\\\\")
        let loaded = try Self.load(
            Self.document("AccessPolicy", "x", "{ \(Self.access), reason: { pattern: \"\(quoted)\" } }") + "---\n" + Self.people
        )
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    }
}
