import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewDaemon

/// `curfew exec`, `curfew sessions` and `curfew replay` as people call them.
@Suite struct ExecCommandTests {
    @Test(.timeLimit(.minutes(1)))
    func pipesGoThroughItAndTheCodeComesBack() async throws {
        let house = try await House("exec")
        try await house.grant()
        try await house.open {
            let result = try await house.shell("printf 'a\\nb\\n' | $EXEC -T -- sh -c 'cat; echo bad >&2; exit 7'")
            #expect(result.code == 7)
            #expect((result.output, result.errors) == ("a\nb\n", "bad\n"))
            // More than every buffer on the way, to and fro at once.
            let size = 3_000_000
            let big = try await house.shell("head -c \(size) /dev/zero | tr '\\0' x | $EXEC -T -- cat | wc -c")
            #expect(big.output.trimmingCharacters(in: .whitespacesAndNewlines) == "\(size)", "\(big.errors)")
            let missing = try await house.shell("$EXEC -T -- /nonexistent/program")
            #expect(missing.code == 126, "\(missing.errors)")
            #expect(try await house.shell("$EXEC -T --instance orders-api-9 </dev/null").code == 127)
            let refused = try await house.shell("$CURFEW exec two orders-api --key $KEY --socket $SOCKET </dev/null")
            #expect(refused.code == 126)
            #expect(refused.errors.contains("no live grant of this name lets this key in"))
            let stranger = try await house.shell("$CURFEW exec one orders-api --key $OTHER --socket $SOCKET </dev/null")
            #expect((stranger.code, stranger.errors) == (126, refused.errors))
        }
        let closed = try await house.shell("$EXEC -T </dev/null")
        #expect(closed.code == 255)
        #expect(closed.errors.contains("name its socket with --socket"))
        #expect(try await house.shell("$CURFEW exec 'a;b' orders-api </dev/null").code == 64)
    }

    @Test(.timeLimit(.minutes(1)))
    func aKeyThatAnAgentHoldsOpensToo() async throws {
        let house = try await House("exec")
        try await house.grant()
        try await house.open {
            let result = try await house.shell(
                """
                eval "$(ssh-agent -s)" >/dev/null; trap 'kill $SSH_AGENT_PID' EXIT
                ssh-add -q $KEY; mkdir -p $HOME/.ssh; cp $KEY.pub $HOME/.ssh/id_ed25519.pub; mv $KEY $KEY.away
                $CURFEW exec one orders-api --socket $SOCKET -T -- echo in </dev/null; code=$?
                mv $KEY.away $KEY; exit $code
                """)
            #expect((result.code, result.output) == (0, "in\n"), "\(result.errors)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aTerminalIsATerminalAndIsGivenBack() async throws {
        let house = try await House("exec")
        try await house.grant()
        try await house.open {
            let seen = try await house.typing(
                [("ready", "stty size; tty\\n"), ("/dev/pts/", "exit 3\\n")], columns: 91, rows: 33,
                into: "$EXEC -- sh -c 'echo ready; exec sh'; echo code=$?; stty -a")
            #expect(seen.contains("33 91"), "\(seen)")
            #expect(seen.contains("/dev/pts/"))
            #expect(seen.contains("code=3"))
            #expect(seen.contains("what you see and type is recorded as"))
            #expect(seen.contains(" icanon ") && !seen.contains("-isig"))
        }
        let started = try #require(try await house.events("session.started").first)
        #expect(started.details["terminal"] == "91x33")
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["TERM", "HUP", "INT"])
    func theTerminalIsGivenBackAtASignal(_ signal: String) async throws {
        let house = try await House("exec")
        try await house.grant()
        try await house.open {
            let seen = try await house.typing(
                [],
                into: "(sleep 1; kill -\(signal) $(cat pid)) & "
                    + "bash -c 'echo $$ >pid; exec $EXEC -- sleep 600'; echo code=$?; stty -a")
            #expect(seen.contains("code="), "\(seen)")
            #expect(seen.contains(" icanon ") && seen.contains(" echo "), "\(seen)")
            #expect(try await house.ended().details["why"] == "client left")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func theCutIsToldAndGivesTheTerminalBack() async throws {
        let house = try await House("exec")
        let one = try await house.grant()
        try await house.open {
            let cutting = Task {
                _ = await eventually { await house.backend.openSessions == 1 }
                try await Task.sleep(for: .milliseconds(500))
                try await house.backend.end([one])
            }
            let seen = try await house.typing([], into: "$EXEC -- sleep 600; echo code=$?; stty -a")
            #expect(seen.contains("curfew: the grant one has ended; the session is cut"), "\(seen)")
            #expect(seen.contains("code=255") && seen.contains(" icanon "))
            try await cutting.value
        }
    }

    /// What stands behind a socket may be anybody.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("b'H', hello", "the connection to the daemon is lost"),
            ("b'H', b'{\"version\":2,\"challenge\":\"\"}'", "speaks version 2"),
            ("b'H', b'{\"version\":1,\"challenge\":\"x\\\\ny\"}'", "challenge is none"),
            ("b'E', b'{\"reason\":\"failed\",\"message\":\"\\\\u001b[2J\"}'", "\\u{1b}[2J"),
            ("b'o', b'x' * 65537", "a frame of 65537 bytes"),
            ("b'?', b''", "unknown kind 63"),
        ])
    func anOddDaemonIsToldAsSuch(_ frame: String, _ words: String) async throws {
        let house = try await House("exec")
        let server = """
            import socket, struct
            hello = b'{"version":1,"challenge":"' + b'0' * 64 + b'"}'
            s = socket.socket(socket.AF_UNIX); s.bind("odd.sock"); s.listen(); c, _ = s.accept()
            def send(kind, payload): c.sendall(struct.pack(">I", len(payload)) + kind + payload)
            try:
                send(\(frame))
                c.recv(70000)
            except OSError: pass
            """
        try house.scratch.write("server.py", server)
        let result = try await house.shell(
            """
            python3 server.py & until [ -S odd.sock ]; do sleep 0.02; done
            $CURFEW exec one orders-api --key $KEY --socket odd.sock -T </dev/null; code=$?; wait; exit $code
            """)
        #expect(result.code == 255)
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    @Test(.timeLimit(.minutes(1)))
    func sessionsAreListedAndShownAgain() async throws {
        let house = try await House("exec")
        try await house.grant()
        try await house.open {
            _ = try await house.shell(
                "$EXEC -T -- sh -c \"printf 'one\\\\033]0;title\\\\007\\\\ntwo\\\\n\\\\033[31mred\\\\033[6n\\\\033[0m\\\\n'\" </dev/null"
            )
        }
        try house.configure()
        let list = try await house.shell("$CURFEW sessions --config $CONFIG")
        #expect(list.output.contains("exited with code 0"), "\(list.errors)")
        let json = try await house.shell("$CURFEW sessions --config $CONFIG --grant one --format json")
        #expect(json.output.contains("\"person\" : \"alice\""))
        #expect(try await house.shell("$CURFEW sessions --config $CONFIG --grant two").output == "nobody went in\n")
        let id = try #require(try await house.ended().details["recording"])
        let played = try await house.shell("$CURFEW replay --config $CONFIG \(id) --print")
        #expect(played.output == "one\\u{1b}]0;title\\u{7}\ntwo\n\\u{1b}[31mred\\u{1b}[6n\\u{1b}[0m\n", "\(played.errors)")
        #expect(played.errors.contains("is the journal's"))
        let onTerminal = try await house.typing([], into: "$CURFEW replay --config $CONFIG \(id) --speed 100")
        #expect(onTerminal.contains("one\r\n") && !onTerminal.contains("title"))
        #expect(onTerminal.contains("\u{1B}[31mred\u{1B}[0m"))
        let path = "\(house.state.recordings)/\(id).cast"
        try (try house.recording(id) + "[9.000000, \"o\", \"more\"]\n").write(toFile: path, atomically: true, encoding: .utf8)
        let changed = try await house.shell("$CURFEW replay --config $CONFIG \(id) --print")
        #expect(changed.code == 1 && changed.output.isEmpty)
        #expect(changed.errors.contains("the file was changed"))
        #expect(try await house.shell("$CURFEW replay --config $CONFIG \(id) --print --anyway").output.contains("more"))
    }
}

extension House {
    private var environment: [String: String] {
        let program = (try? curfewExecutable()) ?? "curfew"
        return [
            "CURFEW": program, "KEY": keys.path("alice"), "OTHER": keys.path("mallory"), "SOCKET": state.execSocket,
            "EXEC": "\(program) exec one orders-api --key \(keys.path("alice")) --socket \(state.execSocket)",
            "CONFIG": scratch.file("curfew.yaml"), "HOME": scratch.path, "TERM": "xterm",
        ]
    }

    /// Runs a script of a person's.
    func shell(_ script: String) async throws -> ProgramResult {
        try await execute("bash", ["-c", script], in: scratch.path, environment: environment)
    }

    /// Runs a script on a terminal, waits for a text and types another, and so on; everything that was shown.
    func typing(_ steps: [(String, String)], columns: Int = 80, rows: Int = 24, into script: String) async throws -> String {
        let words = steps.flatMap { [$0.0, $0.1] }
        let driver = """
            import os, pty, sys, fcntl, termios, struct, select, time
            steps = list(zip(sys.argv[2::2], sys.argv[3::2]))
            pid, fd = pty.fork()
            if pid == 0:
                time.sleep(0.1)
                os.execvp("bash", ["bash", "-c", sys.argv[1]])
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", \(rows), \(columns), 0, 0))
            seen, mark, end = b"", 0, time.time() + 30
            while time.time() < end:
                if not select.select([fd], [], [], 1)[0]: continue
                try: data = os.read(fd, 4096)
                except OSError: break
                if not data: break
                seen += data
                if steps and steps[0][0].encode() in seen[mark:]:
                    mark = len(seen)
                    os.write(fd, steps.pop(0)[1].encode().decode("unicode_escape").encode("latin1"))
            os.write(1, seen)
            """
        return try await execute("python3", ["-c", driver, script] + words, in: scratch.path, environment: environment).output
    }

    /// Writes a configuration whose state folder this is.
    func configure() throws {
        try scratch.write(
            "curfew.yaml",
            """
            apiVersion: curfew/v1
            kind: Configuration
            repository: { url: /nowhere.git }
            state: \(state.path)
            trust: { mode: none }
            """)
    }
}
