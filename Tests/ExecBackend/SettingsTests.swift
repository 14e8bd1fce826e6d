import CurfewModel
import Testing

@testable import CurfewExecBackend

/// What a role may say.
@Suite struct ExecSettingsTests {
    @Test(arguments: [
        (["workloads": Setting.text("orders-api")], nil as [[String]]?),
        (["workloads": .list([.text("a"), .text("b")]), "commands": .list([.text("psql -U app")])], [["psql", "-U", "app"]]),
        (
            ["workloads": .text("a"), "commands": .list([.list([.text("sh")]), .list([.text("a"), .text("b c")])])],
            [["sh"], ["a", "b c"]]
        ),
    ])
    func takes(_ settings: [String: Setting], _ commands: [[String]]?) {
        let (value, problems) = ExecSettings.read(settings, for: alice)
        #expect(problems.isEmpty)
        #expect(value?.commands == commands)
    }

    @Test(
        arguments: [
            ([:], "workloads has to be"),
            (["workloads": Setting.list([])], "workloads has to be"),
            (["workloads": .text("Orders API")], "no name of a workload"),
            (["workloads": .text("a"), "command": .text("sh")], "unknown setting 'command'"),
            (["workloads": .text("a"), "commands": .list([])], "1 to 64 commands"),
            (["workloads": .text("a"), "commands": .text("sh")], "1 to 64 commands"),
            (["workloads": .text("a"), "commands": .list([.text("a  b")])], "two spaces"),
            (["workloads": .text("a"), "commands": .list([.text("")])], "begins with a program"),
            (["workloads": .text("a"), "commands": .list([.list([.integer(1)])])], "begins with a program"),
            (["workloads": .text("a"), "commands": .list([.list([.text("a\0")])])], "NUL"),
        ] as [([String: Setting], String)])
    func refuses(_ settings: [String: Setting], _ words: String) {
        let (value, problems) = ExecSettings.read(settings, for: alice)
        #expect(value == nil)
        #expect(problems.contains { $0.contains(words) }, "\(problems)")
    }

    @Test func aPersonWithoutKeysCannotGoIn() {
        let bob = Person(name: Name(literal: "bob"), emails: [])
        #expect(ExecSettings.read(settings, for: bob).problems.contains { $0.contains("loginKeys") })
    }
}
