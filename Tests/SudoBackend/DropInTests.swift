import CurfewModel
import CurfewSystem
import Testing

@testable import CurfewSudoBackend

@Suite struct DropInTests {
    private let moment = Instant(milliseconds: 1_795_430_400_000)

    private func dropIn(_ commands: [String] = ["/usr/bin/id"], needsPassword: Bool = false) -> DropIn {
        DropIn(
            grant: .named("one"), account: "alice", hosts: ["ALL"], runAs: "root", start: moment, end: moment + .seconds(2700),
            timeout: 1800, needsPassword: needsPassword, commands: commands.compactMap { CommandPattern($0) },
            placed: BootTime(boot: "unknown", ticks: 7))
    }

    @Test func writesOptionsBeforeTagsAndTheLastSecondBeforeTheEnd() {
        let lines = dropIn(["/usr/bin/id", "/usr/bin/x a=b,c:d"]).text.split(separator: "\n")
        let alias = "CURFEW_" + GrantID.named("one").blob.hex.uppercased()
        #expect(lines[2] == "Defaults:alice log_exit_status, passwd_timeout=0.5, passwd_tries=1, timestamp_timeout=0")
        #expect(lines[3] == #"Cmnd_Alias \#(alias) = /usr/bin/id, /usr/bin/x a\=b\,c\:d"#)
        #expect(
            lines[4] == "alice ALL = (root) NOTBEFORE=20261123104000Z NOTAFTER=20261123104859Z TIMEOUT=1800s NOPASSWD: \(alias)"
        )
        #expect(lines.last?.contains("NOTAFTER=20261123112459Z TIMEOUT=1s NOPASSWD: ") == true)
        #expect(dropIn(needsPassword: true).text.contains(" PASSWD: "))
        #expect(dropIn(["ALL"]).text.contains("NOPASSWD: ALL\n") && !dropIn(["ALL"]).text.contains("Cmnd_Alias"))
    }

    /// With Curfew dead a command that begins in any second ends with the grant: only one of the last second has a second.
    @Test(arguments: [1, 2, 3, 7, 30, 60, 2700, 86_400, 2_592_000] as [Int64])
    func noCommandOutlivesTheGrant(seconds: Int64) {
        var dropIn = dropIn()
        (dropIn.end, dropIn.timeout) = (dropIn.start + .seconds(seconds), seconds)
        let slices = dropIn.slices
        #expect(slices.first?.from == dropIn.start && slices.last?.to == dropIn.end && slices.count < 90)
        for (slice, next) in zip(slices, slices.dropFirst()) { #expect(slice.to == next.from) }
        for slice in slices {
            #expect(slice.timeout >= 1 && slice.from < slice.to)
            let last = slice.to + .seconds(-1)
            #expect(last + .seconds(slice.timeout) <= dropIn.end)
            // And it has at least half of what is left.
            #expect(slice.timeout * 2 + 2 >= (dropIn.end - slice.from).milliseconds / 1000)
        }
    }

    @Test(arguments: [
        ["/usr/bin/id"], ["ALL"], ["/usr/bin/x a=b,c:d", "/usr/bin/y ,, ::", "/z =, =", "/a ,", "/b"],
        Array(repeating: "/usr/bin/x a,b", count: 64),
    ])
    func readsWhatItWrote(_ commands: [String]) {
        for needsPassword in [true, false] {
            let written = dropIn(commands, needsPassword: needsPassword)
            #expect(DropIn(text: written.text) == written)
        }
    }

    @Test func noticesEveryChangedByte() {
        let text = dropIn(["/usr/bin/id", "/usr/bin/x a=b"]).text
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] = bytes[index] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "\t")
            // The few bytes that are a value of their own make another drop-in; none makes the same, and none a wrong one.
            let read = DropIn(text: String(decoding: changed, as: UTF8.self))
            #expect(read != dropIn(["/usr/bin/id", "/usr/bin/x a=b"]))
            if let read { #expect(Array(read.text.utf8) == changed) }
        }
        for extra in ["\n", " ", "# x\n", "bob ALL = (ALL) NOPASSWD: ALL\n"] {
            #expect(DropIn(text: text + extra) == nil)
            #expect(DropIn(text: extra + text) == nil)
        }
        #expect(DropIn(text: "") == nil)
        #expect(DropIn(text: String(repeating: "\n", count: 3)) == nil)
    }

    /// Header and rule have to tell the same end.
    @Test func noticesALaterEndInTheRuleAlone() {
        let text = dropIn().text
        #expect(DropIn(text: text.replacing("NOTAFTER=20261123", with: "NOTAFTER=20271123")) == nil)
        #expect(DropIn(text: text.replacing("NOTAFTER=20261123112459Z ", with: "")) == nil)
        #expect(DropIn(text: text.replacing("(root)", with: "(ALL)")) != dropIn())
    }

    @Test(arguments: [
        ("", false), ("# a comment\n\n", false), ("Defaults env_reset\n", false), ("Cmnd_Alias X = /bin/id\n", false),
        ("Defaults env_keep += \\\n  \"ALL ALL=ALL\"\n", false), ("alice ALL = (ALL) ALL\n", true),
        ("  %wheel ALL=(ALL) ALL", true), ("#1000 ALL = (ALL) ALL\n", true), ("#-5 ALL=ALL\n", true),
        ("#includedir /x\n", true), ("@include /x\n", true), ("# x \\\nalice ALL=ALL\n", true), ("\t# x\n", false),
        ("Defaults x\r\nalice ALL=ALL\r\n", true),
    ])
    func findsRules(_ text: String, _ grants: Bool) { #expect(DropInFile.grantsSomething(text) == grants) }

    @Test func matchesCommandsAsSudoDoes() throws {
        let exact = try #require(CommandPattern("/usr/bin/sleep 1000"))
        #expect(exact.allows("/usr/bin/sleep 1000"))
        for other in ["/usr/bin/sleep", "/usr/bin/sleep 1000 1", "/usr/bin/sleep 100", "/tmp/sleep 1000", ""] {
            #expect(!exact.allows(other))
        }
        #expect(exact.isAskedFor(in: ["sudo", "-n", "sleep", "1000"]))
        #expect(exact.isAskedFor(in: ["sudo", "-u", "root", "--", "./sleep", "1000"]))
        #expect(!exact.isAskedFor(in: ["sudo", "-n", "sleep", "1001"]))
        #expect(!exact.isAskedFor(in: ["sudo"]))
        let bare = try #require(CommandPattern("/usr/bin/env"))
        #expect(bare.allows("/usr/bin/env") && bare.allows("/usr/bin/env -i x") && !bare.allows("/usr/bin/envx"))
        #expect(try #require(CommandPattern("ALL")).allows("/anything at all"))
    }

    @Test func countsOnlyWhatBeganLater() {
        let placed = BootTime(boot: "unknown", ticks: 100)
        #expect(placed.isBefore(100, of: "unknown") && !placed.isBefore(99, of: "unknown"))
        // After another boot everything began later.
        #expect(placed.isBefore(1, of: "00000000-0000-0000-0000-000000000000"))
        #expect(BootTime("unknown/7") == BootTime(boot: "unknown", ticks: 7))
        for text in ["", "/", "unknown", "unknown/", "unknown/-1", "x y/1", "unknown/1/2"] { #expect(BootTime(text) == nil) }
        #expect(BootTime(BootTime.now().description) != nil)
    }
}
