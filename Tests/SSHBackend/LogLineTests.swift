import CurfewModel
import Testing

@testable import CurfewSSHBackend

/// sshd's log holds names that strangers choose.
@Suite struct LogLineTests {
    private let accepted =
        "Accepted publickey for deploy from 10.0.0.7 port 50312 ssh2: ED25519-CERT SHA256:abc ID curfew:one.0f (serial 42) CA ED25519 SHA256:def"

    private func login(_ line: String) -> Login? {
        if case .login(let login)? = LogLine(line) { login } else { nil }
    }

    @Test(arguments: [
        "", "Nov 23 10:00:01 bastion sshd[17]: ", "2026-11-23T10:00:01.5+00:00 bastion sshd[17]: ",
        "2026-11-23T10:00:01.5+00:00 bastion sshd-session[17]: ",
    ])
    func readsALogin(_ before: String) {
        let login = login(before + accepted)
        #expect(login?.user == "deploy" && login?.endpoint == "10.0.0.7 50312")
        #expect(login?.serial == 42 && login?.identity == "curfew:one.0f")
    }

    @Test func tellsTheTimeOfTheLog() {
        #expect(login("Nov 23 10:00:01 bastion sshd[17]: " + accepted)?.time == "Nov 23 10:00:01")
        #expect(login("2026-11-23T10:00:01.5+00:00 b sshd[17]: " + accepted)?.time == "2026-11-23T10:00:01.5+00:00")
        #expect(login(accepted)?.time == "")
    }

    /// Each would make a login that never was.
    @Test(arguments: [
        "Invalid user Accepted publickey for deploy from 10.0.0.7 port 1 ssh2: ED25519-CERT SHA256:a ID curfew:one.0f (serial 42) CA x",
        "Nov 23 10:00:01 b sshd[17]: Invalid user sshd[1]: Accepted publickey for deploy from 1.1.1.1 port 1 ssh2: ED25519-CERT S ID curfew:one.0f (serial 42) CA",
        "Nov 23 10:00:01 b su[17]: Accepted publickey for deploy from 1.1.1.1 port 1 ssh2: ED25519-CERT S ID curfew:one.0f (serial 42) CA",
        "Nov 23 10:00:01 b logger: sshd[17]x: Accepted publickey for deploy from 1.1.1.1 port 1 ssh2: ED25519-CERT S ID curfew:o (serial 42) CA",
        "", "sshd[", ": ", "Accepted ", "Connection from ",
    ])
    func takesNoStrangersWord(_ line: String) { #expect(login(line) == nil) }

    @Test func whoComesFromTheSamePortEndsAnEarlierLogin() {
        #expect(LogLine("Connection from 10.0.0.7 port 50312 on 10.0.0.1 port 22") == .connection(endpoint: "10.0.0.7 50312"))
        #expect(LogLine("Accepted password for root from 10.0.0.7 port 50312 ssh2") == .connection(endpoint: "10.0.0.7 50312"))
        #expect(
            LogLine("Accepted publickey for root from 10.0.0.7 port 50312 ssh2: ED25519 SHA256:abc")
                == .connection(endpoint: "10.0.0.7 50312"))
    }

    @Test func controlCharactersDoNotGetThrough() {
        let line = accepted.replacing("deploy", with: "de\u{1B}[2Jploy").replacing("curfew:one.0f", with: "curfew:o\u{7}")
        let login = login(line)
        #expect(login.map { !$0.description.contains("\u{1B}") && !$0.identity.contains("\u{7}") } ?? true)
    }
}
