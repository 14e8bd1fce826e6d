import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSudoBackend

@Suite struct SudoLogTests {
    @Test func readsSudosOwnLog() {
        let entries = SudoLog.parse(
            """
            Nov 23 10:00:01 : alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id
            Nov 23 10:00:02 2026 : bob : PWD=/home/bob ; USER=root ;
                COMMAND=/usr/bin/env -i sleep
                1001
            Nov 23 10:00:03 : alice : HOST=web : TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id -u
            Nov 23 10:00:04 : alice : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id
            Nov 23 10:00:05 : alice : a password is required ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id
            nonsense
            """)
        #expect(entries.map(\.user) == ["alice", "bob", "alice", "alice", "alice"])
        #expect(entries.map(\.isRefused) == [false, false, false, true, true])
        #expect(entries.map(\.terminal) == ["pts/0", nil, "pts/1", nil, nil])
        #expect(entries[1].commands == ["/usr/bin/env -i sleep 1001"])
        #expect(entries[1].when == "Nov 23 10:00:02 2026")
    }

    @Test func readsTheSystemsLog() {
        let entries = SudoLog.parse(
            """
            Nov 23 10:00:01 web sudo[12]:    alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/env
            Nov 23 10:00:01 web sudo[12]:    alice : (command continued) -i sleep
            2026-11-23T10:00:01.123456+00:00 web sudo:      bob : PWD=/ ; USER=root ; COMMAND=/usr/bin/id
            Nov 23 10:00:01 web sudo: pam_unix(sudo:session): session opened for user root(uid=0) by (uid=1000)
            Nov 23 10:00:01 web sshd[7]: Accepted publickey for alice from ::1 port 22
            """)
        #expect(entries.map(\.user) == ["alice", "bob"])
        #expect(entries.first?.commands == ["/usr/bin/env -i sleep"])
        #expect(entries.map(\.when) == ["Nov 23 10:00:01", "2026-11-23T10:00:01.123456+00:00"])
    }

    /// The caller chooses the folder, so its name may look like anything; each reading counts.
    @Test func aFolderCannotHideACommand() {
        let entries = SudoLog.parse(
            "Nov 23 10:00:01 : alice : PWD=/tmp/ ; COMMAND=/bin/true ; USER=root ; COMMAND=/usr/bin/id")
        #expect(entries.first?.commands == ["/bin/true ; USER=root ; COMMAND=/usr/bin/id", "/usr/bin/id"])
    }

    /// Who chooses arguments chooses how often they look like a command.
    @Test(.timeLimit(.minutes(1))) func manyReadingsAreNotLookedAtOneByOne() {
        let begin = "Nov 23 10:00:01 : alice : PWD=/ "
        let text = begin + String(repeating: "; COMMAND=/bin/a", count: 20_000) + " ; COMMAND=/usr/bin/id\n"
        let more = String(repeating: "Nov 23 10:00:01 : alice : (command continued) -u\n", count: 2000)
        let entries = SudoLog.parse(text + more)
        #expect(entries.count == 1 && entries.first?.commands.count == SudoLog.mostReadings)
        #expect(entries.first?.commands.last?.hasPrefix("/usr/bin/id -u -u") == true)
        #expect(entries.first?.commands.first?.hasSuffix("-u -u") == true)
    }

    @Test func hostileLogsDoNoHarm() {
        for text in ["", "\n\n", " : ", " :  : ", "    x", ": : : COMMAND=", String(repeating: " : ", count: 10_000)] {
            _ = SudoLog.parse(text)
        }
        #expect(SudoLog.parse("    x\n    y").isEmpty)
    }

    private let line = "Nov 23 10:00:01 : alice : PWD=/ ; USER=root ; COMMAND=/usr/bin/id\n"

    @Test func followsARotation() throws {
        let scratch = try Scratch("sudolog")
        let log = try scratch.write("log", line)
        let start = try #require(LogMark(log))
        #expect(SudoLog.entries(log, from: start, to: nil) == ([], true))
        try scratch.write("more", "")
        let handle = try #require(FileHandle(forWritingAtPath: log))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(line.utf8))
        try handle.close()
        rename(log, log + ".1")
        try scratch.write("log", line + line)
        let (entries, isWhole) = SudoLog.entries(log, from: start, to: nil)
        #expect(entries.count == 3 && isWhole)
        // Rotated a second time: what was before is lost, and said to be.
        rename(log, log + ".1")
        try scratch.write("log", "")
        #expect(SudoLog.entries(log, from: start, to: nil).isWhole == false)
        unlink(log)
        #expect(SudoLog.entries(log, from: start, to: nil).isWhole == false)
    }

    @Test func anEmptiedLogIsNoProof() throws {
        let scratch = try Scratch("sudolog")
        let log = try scratch.write("log", line + line)
        let start = try #require(LogMark(log))
        truncate(log, 0)
        #expect(SudoLog.entries(log, from: start, to: nil) == ([], false))
        let later = try #require(LogMark(log))
        #expect(SudoLog.entries(log, from: nil, to: later).isWhole == false)
    }
}

private func == (left: (entries: [SudoLog.Entry], isWhole: Bool), right: ([SudoLog.Entry], Bool)) -> Bool {
    left.entries == right.0 && left.isWhole == right.1
}
