import CurfewModel
import Testing

@testable import CurfewSSHBackend

@Suite struct SSHSettingsTests {
    private func problems(_ settings: [String: Setting], hasKey: Bool = true) throws -> [String] {
        let key = try #require(
            SSHPublicKey("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBb1mS5wNp7M4d8UZ7W6zSuS6qXy9m1wAjAYCX0Pa3vL"))
        let person = Person(name: Name(literal: "alice"), emails: [], loginKeys: hasKey ? [key] : [])
        return CertificateOrder.problems(settings, person)
    }

    private func principals(_ names: String...) -> [String: Setting] { ["principals": .list(names.map { .text($0) })] }

    @Test(arguments: ["deploy", "_svc", "a.b-c_1"]) func takesPlainPrincipals(_ name: String) throws {
        #expect(try problems(principals(name)) == [])
    }

    @Test(arguments: [
        "", "a,b", "a b", "*", "de*", "-deploy", "-O", "a\nb", "root\0", "Deploy", "a/b", "../a", "é", "a\u{1B}[2J",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ])
    func refusesPrincipals(_ name: String) throws {
        let found = try problems(principals(name))
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0 == $0.escapingControls })
    }

    @Test func refusesNoneAndTooMany() throws {
        #expect(try problems([:]).count == 1)
        #expect(try problems(["principals": .list([])]).count == 1)
        #expect(try problems(["principals": .list(Array(repeating: .text("a"), count: 17))]).count == 1)
        #expect(try problems(["principals": .list([.integer(1)])]).count == 1)
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "::/129", "a", "", "10.0.0.1,0.0.0.0/0", "10.0.0.1/8/8",
        "127.0.0.1/8",
        "10.0.0.0/08", "fe80::1%eth0", "fe80::1/64", "10.1", "!10.0.0.1", "*",
    ])
    func refusesAddresses(_ text: String) throws {
        #expect(try problems(principals("a").merging(["sourceAddresses": .list([.text(text)])]) { $1 }).count == 1)
    }

    @Test(arguments: ["", "a\nb", "a\0", "\u{7F}"]) func refusesCommands(_ text: String) throws {
        #expect(try problems(principals("a").merging(["forceCommand": .text(text)]) { $1 }).count == 1)
    }

    @Test func tellsEverythingAtOnce() throws {
        let found = try problems(["pty": .text("yes"), "shell": .bool(true), "sourceAddresses": .list([])], hasKey: false)
        #expect(found.count == 5)
        #expect(found.contains { $0.contains("loginKeys") })
    }
}
