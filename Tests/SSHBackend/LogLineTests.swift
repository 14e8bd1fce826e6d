import CurfewModel
import Testing

@testable import CurfewSSHBackend

/// sshd's log holds names that strangers choose.
@Suite struct LogLineTests {
    private let accepted =
        "Accepted publickey for deploy from 10.0.0.7 port 50312 ssh2: ED25519-CERT SHA256:abc ID curfew:one.0f (serial 42) CA ED25519 SHA256:def"

    private func login(_ line: String) -> Login? {
        if case .login(let login) = LogLine(line) { login } else { nil }
    }

    @Test(arguments: [
        "", "Nov 23 10:00:01 bastion sshd[17]: ", "2026-11-23T10:00:01.5+00:00 bastion sshd[17]: ",
        "2026-11-23T10:00:01.5+00:00 bastion sshd-session[17]: ",
    ])
    func readsALogin(_ before: String) {
        let login = login(before + accepted)
        #expect(login?.user == "deploy" && login?.endpoint == "10.0.0.7 50312")
        #expect(login?.certificate?.serial == 42 && login?.certificate?.identity == "curfew:one.0f")
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

    /// A line that speaks of a login and fits no form is never "nobody went in".
    @Test(arguments: [
        "Accepted publickey for a b from 10.0.0.7 port 1 ssh2: ED25519-CERT SHA256:a ID curfew:one.0f (serial 42) CA x",
        "Accepted publickey for deploy from 10.0.0.7 port 99999 ssh2: ED25519-CERT SHA256:a ID curfew:one.0f (serial 42) CA x",
        "Accepted publickey for deploy from 10.0.0.7 port 1 ssh2: ED25519-CERT SHA256:a ID curfew:one.0f serial 42",
        "Nov 23 10:00:01 b sshd: Accepted publickey for deploy from 10.0.0.7 port 1 ssh2",
    ])
    func saysWhatItCannotRead(_ line: String) { #expect(LogLine(line) == .unclear) }

    @Test func knowsWhichLinesHoldNoStrangersWord() {
        for line in [
            "Connection from 10.0.0.7 port 50312 on 10.0.0.1 port 22 rdomain \"\"\r",
            "Postponed publickey for root from 127.0.0.1 port 33262 ssh2 [preauth]\r",
            "Failed publickey for root from 127.0.0.1 port 51662 ssh2: ED25519 SHA256:7hQ\r",
            "Disconnected from user root 127.0.0.1 port 33262\r",
        ] { #expect(LogLine(line) == .plain, "\(line)") }
        for line in [
            "Failed publickey for root from 127.0.0.1 port 51662 ssh2: ED25519-CERT SHA256:7hQ ID abc (serial 1) CA ED25519 SHA256:x\r",
            "Invalid user Connection from x\r", "Received disconnect from 127.0.0.1 port 1:11: bye\r",
            "Unable to negotiate with 1.1.1.1 port 1: no matching host key type found. Their offer: x\r",
        ] { #expect(LogLine(line) == .other, "\(line)") }
    }

    @Test func controlCharactersDoNotGetThrough() {
        let line = accepted.replacing("deploy", with: "de\u{1B}[2Jploy").replacing("curfew:one.0f", with: "curfew:o\u{7}")
        let login = login(line)
        #expect(login.map { !$0.description.contains("\u{1B}") && !($0.certificate?.identity ?? "").contains("\u{7}") } ?? true)
    }
}
