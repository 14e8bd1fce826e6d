import CurfewModel
import Testing

@testable import CurfewSudoBackend

@Suite struct SettingsTests {
    private let alice = Person(name: Name(literal: "alice"), emails: [])

    private func problems(_ settings: [String: Setting], accounts: [String: String] = [:]) -> [String] {
        var person = alice
        person.accounts = accounts
        return RuleSettings.read(settings, for: person).problems
    }

    @Test(arguments: [
        "/usr/bin/id", "/usr/bin/systemctl restart nginx", "/usr/bin/date -u +%F", "/opt/a_b-1.2/run --to=x@y,z:1", "ALL",
    ])
    func takesPlainCommands(_ command: String) {
        #expect(problems(["commands": .list([.text(command)])]) == [])
        #expect(problems(["commands": .text(command)]) == [])
    }

    @Test(arguments: [
        "", " ", "id", "-x", "--help", "./id", "!/usr/bin/id", "sudoedit /etc/motd", "all", "/", "//bin/id", "/usr//bin/id",
        "/usr/bin/", "/usr/./bin/id", "/usr/bin/../bin/id", "/usr/bin/*", "/usr/bin/id *", "/usr/bin/i?", "/usr/bin/[a-z]d",
        "/usr/bin/id \"\"", "/usr/bin/id '", "/usr/bin/id \\", "/usr/bin/id\\", "/usr/bin/id #x", "/usr/bin/id !x",
        "/usr/bin/id ^x$", "/usr/bin/id\nALL ALL=(ALL) NOPASSWD: ALL", "/usr/bin/id\tx", "/usr/bin/id\0", "/usr/bin/id ",
        " /usr/bin/id",
        "/usr/bin/id  -u", "/usr/bin/id \u{1B}[2J", "/usr/bin/ïd", "/usr/bin/id (x)", "/usr/bin/id;x", "/usr/bin/id|x",
        "/usr/bin/id $(x)", "/usr/bin/id `x`", "/usr/bin/id <x", "/usr/bin/id ~", "^/usr/bin/id$", "NOPASSWD: /usr/bin/id",
    ])
    func refusesCommands(_ command: String) {
        let found = problems(["commands": .list([.text(command)])])
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0 == $0.escapingControls })
        #expect(CommandPattern(command) == nil)
    }

    @Test func refusesTooLongAndTooMany() {
        #expect(!problems(["commands": .text("/" + String(repeating: "a", count: 1024))]).isEmpty)
        #expect(problems(["commands": .text("/" + String(repeating: "a", count: 1023))]).isEmpty)
        #expect(!problems(["commands": .list([])]).isEmpty)
        #expect(problems(["commands": .list(Array(repeating: .text("/bin/id"), count: 64))]).isEmpty)
        #expect(!problems(["commands": .list(Array(repeating: .text("/bin/id"), count: 65))]).isEmpty)
        #expect(!problems([:]).isEmpty)
        #expect(!problems(["commands": .integer(1)]).isEmpty)
        #expect(!problems(["commands": .list([.text("/bin/id"), .integer(1)])]).isEmpty)
    }

    @Test func refusesAllBesideOthers() {
        #expect(problems(["commands": .list([.text("/bin/id"), .text("ALL")])]).count == 1)
        #expect(problems(["commands": .list([.text("ALL"), .text("ALL")])]).count == 2)
    }

    @Test(arguments: [
        "root", "ALL", "Alice", "%wheel", "#0", "!alice", "alice,bob", "alice bob", "-alice", "1alice", "", "alice\n",
        "alice=ALL", "a\\", "+netgroup", "abcdefghijklmnopqrstuvwxyzabcdefg",
    ])
    func refusesAccounts(_ account: String) {
        #expect(!problems(["commands": .text("/bin/id")], accounts: ["unix": account]).isEmpty)
        if account != "root" { #expect(!problems(["commands": .text("/bin/id"), "runAs": .text(account)]).isEmpty) }
    }

    @Test func takesTheAccountOrTheName() {
        let settings: [String: Setting] = ["commands": .text("/bin/id")]
        #expect(RuleSettings.read(settings, for: alice).value?.account == "alice")
        var other = alice
        other.accounts = ["unix": "_al-1", "github": "ALL"]
        #expect(RuleSettings.read(settings, for: other).value?.account == "_al-1")
        #expect(RuleSettings.read(settings, for: Person(name: Name(literal: "7up"), emails: [])).value == nil)
    }

    @Test(
        arguments: [
            (.integer(1), 1), (.integer(2_592_000), 2_592_000), (.text("30m"), 1800), (.text("1h30m"), 5400),
            (.text("45s"), 45),
            (.text("30d"), 2_592_000), (.text("1d2h3m4s"), 93_784),
        ] as [(Setting, Int64)])
    func readsTimeouts(_ setting: Setting, _ seconds: Int64) { #expect(RuleSettings.seconds(setting) == seconds) }

    @Test(
        arguments: [
            .integer(0), .integer(-1), .integer(2_592_001), .integer(.max), .text(""), .text("30"), .text("m"), .text("-1m"),
            .text("1h1h"), .text("1m1h"), .text("0s"), .text("31d"), .text("1.5h"), .text("1 h"), .text("99999999999999d"),
            .text("9999999999999999999999d"), .text("1h30"), .text("1ms"), .text("٣m"), .bool(true), .list([.text("1m")]),
        ] as [Setting])
    func refusesTimeouts(_ setting: Setting) {
        #expect(RuleSettings.seconds(setting) == nil)
        #expect(!problems(["commands": .text("/bin/id"), "timeout": setting]).isEmpty)
    }

    @Test func tellsAllProblemsAtOnce() {
        let found = problems(
            ["comands": .text("/bin/id"), "runAs": .integer(0), "noPassword": .text("yes"), "timeout": .text("x")],
            accounts: ["unix": "root"])
        #expect(found.count == 6)
        #expect(found.first?.contains("'comands'") == true)
    }

    @Test(arguments: [
        ("relative", "/s", ["ALL"], "curfew-"), ("/etc/sudoers.d", "s", ["ALL"], "curfew-"), ("/f", "/s", [], "curfew-"),
        ("/f", "/s", ["!x"], "curfew-"), ("/f", "/s", ["a = (root) ALL"], "curfew-"), ("/f", "/s", ["a\nb"], "curfew-"),
        ("/f", "/s", ["ALL"], "cur.few"), ("/f", "/s", ["ALL"], "../x"), ("/f", "/s", ["ALL"], ""), ("/f", "/s", ["ALL"], "-x"),
    ])
    func refusesConfigurations(_ folder: String, _ state: String, _ hosts: [String], _ prefix: String) {
        let configuration = SudoBackendConfiguration(
            name: Name(literal: "host"), stateFolder: state, folder: folder, hosts: hosts, prefix: prefix)
        #expect(configuration.problem != nil)
    }
}
