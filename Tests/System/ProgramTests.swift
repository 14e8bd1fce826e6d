import CurfewSystem
import Glibc
import Testing

@Suite struct ProgramTests {
    private func shell(_ script: String, input: [UInt8]? = nil, files: [[UInt8]] = [], limit: Int = 1 << 20) -> Program {
        Program("/bin/sh", ["-c", script], input: input, files: files, outputLimit: limit)
    }

    @Test func itTellsCodesSignalsAndOutputApart() async throws {
        let result = try await shell("echo out; echo err >&2; exit 7").run(within: .seconds(10))
        #expect(result.status == .exited(7))
        #expect(result.text == "out\n")
        #expect(result.complaint == "err\n")
        #expect(try await shell("kill -9 $$").run(within: .seconds(10)).status == .signalled(9))
    }

    @Test func aProgramThatReadsNothingOfAMegabyteHarmsNobody() async throws {
        let junk = [UInt8](repeating: 7, count: 1 << 20)
        #expect(try await shell("exit 3", input: junk).run(within: .seconds(10)).status == .exited(3))
        #expect(try await shell("wc -c", input: junk).run(within: .seconds(10)).text == "1048576\n")
    }

    @Test func furtherFilesHaveTheirNumbersAndNothingElseIsOpen() async throws {
        let result = try await shell(
            "cat /dev/fd/4 /dev/fd/3; ls /proc/self/fd | wc -l", files: [[0x61], [0x62]]
        ).run(within: .seconds(10))
        // 0 to 4, and the one with which ls reads the folder.
        #expect(result.text == "ba6\n")
    }

    @Test func whatHangsIsKilledWithItsGroup() async throws {
        let start = ContinuousClock.now
        let error = await #expect(throws: SystemError.self) {
            try await shell("trap '' TERM; sleep 77.125 & sleep 77.125").run(within: .milliseconds(300))
        }
        #expect(error?.code == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(20))
        let left = Processes.all().keys.filter { Processes.arguments(of: $0) == ["sleep", "77.125"] }
        #expect(left.isEmpty)
    }

    @Test func aGrandchildThatKeepsTheOutputOpenHoldsNobodyUp() async throws {
        let result = try await shell("setsid sleep 8 & echo done").run(within: .seconds(6))
        #expect(result.text == "done\n")
    }

    @Test func tooMuchOutputIsAnErrorAndNotMemory() async throws {
        let error = await #expect(throws: SystemError.self) {
            try await shell("head -c 100000 /dev/zero", limit: 1000).run(within: .seconds(10))
        }
        #expect(error?.code == .tooLarge)
        #expect(try await shell("head -c 1000 /dev/zero", limit: 1000).run(within: .seconds(10)).output.count == 1000)
    }

    @Test func whatIsMissingIsNamedWithItsPackage() async throws {
        let error = await #expect(throws: SystemError.self) {
            try await Program("no-such-program-here", [], hint: "it is in the package x").run(within: .seconds(1))
        }
        #expect(error?.code == .missingProgram)
        #expect(error?.message.contains("package x") == true)
    }

    @Test func nothingOfTheEnvironmentGetsIn() async throws {
        let result = try await Program("/usr/bin/env", [], environment: ["A": "1"]).run(within: .seconds(10))
        #expect(result.text == "A=1\n")
    }

    @Test func noFileOfItsBecomesLargerThanItMay() async throws {
        let path = "/tmp/curfew-program-\(getpid())-\(UInt32.random(in: .min ... .max))"
        defer { unlink(path) }
        var program = Program("/bin/sh", ["-c", "sleep 0.1; exec head -c 100000 /dev/zero > \(path)"])
        program.fileSizeLimit = 4096
        #expect(try await !program.run(within: .seconds(10)).isSuccess)
        #expect(try PlainFile.read(path, limit: 1 << 20)?.count ?? 0 <= 4096)
    }

    @Test func whatMayAskStaysInThisSession() async throws {
        var program = Program("/bin/sh", ["-c", "cut -d ' ' -f 6 /proc/$$/stat"])
        #expect(try await program.run(within: .seconds(10)).text != "\(getsid(0))\n")
        program.asksOnTerminal = true
        #expect(try await program.run(within: .seconds(10)).text == "\(getsid(0))\n")
    }
}
