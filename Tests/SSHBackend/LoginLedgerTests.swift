import CurfewModel
import CurfewSystem
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSSHBackend

/// Whose word a line of the log is.
@Suite struct LoginLedgerTests {
    private let id = GrantID(name: Name(literal: "one"), blob: .random())
    private let boot = BootTime.now()

    private func login(pid: Int32? = 100, origin: LogOrigin = .syslog, user: String = "deploy", isGrants: Bool = true) -> Login
    {
        var login = Login(user: user, address: "10.0.0.7", port: 50_312)
        (login.pid, login.origin, login.found, login.after) = (pid, origin, boot, boot)
        if isGrants { login.certificate = Login.Certificate(serial: id.serial, identity: "curfew:\(id)") }
        return login
    }

    private func session(pid: Int32 = 100, users: Set<uid_t> = [0, 1000]) -> LiveSession {
        LiveSession(
            process: ProcessID(pid: pid, started: boot.ticks - 10), endpoints: ["10.0.0.7 50312"], users: users, audit: [],
            scopes: [])
    }

    private func standing(_ logins: [Login], _ sessions: [LiveSession], later: UInt64 = 0) -> LoginLedger.Standing? {
        var ledger = LoginLedger()
        for login in logins { ledger.add(login, isTrusted: true) }
        var now = boot
        now.ticks += later
        ledger.match(sessions, at: now) { $0 == "deploy" ? 1000 : 1001 }
        return ledger.entries(of: id).first?.standing
    }

    @Test func aSyslogLineCountsOnlyWithItsConnection() {
        #expect(standing([login()], [session()]) == .verified)
        #expect(standing([login()], []) == .pending)
        #expect(standing([login()], [], later: 60 * BootTime.perSecond) == .unverified)
        // Another process, another account.
        for other in [session(pid: 101), session(users: [0, 1001])] {
            #expect(standing([login()], [other], later: 60 * BootTime.perSecond) == .unverified)
        }
        // sshd's own word needs none.
        #expect(standing([login(pid: nil, origin: .own)], []) == .verified)
        #expect(standing([login(origin: .journal)], []) == .verified)
    }

    /// The victim's own line is there as well.
    @Test func aLineThatNamesSomebodyElsesConnectionIsDisputed() {
        let victim = login(isGrants: false)
        #expect(standing([victim, login()], [session()]) == .disputed)
        #expect(standing([login(), victim], [session()]) == .disputed)
    }

    @Test func aConnectionThatIsKnownIsNotTakenAway() {
        var ledger = LoginLedger()
        ledger.add(login(), isTrusted: true)
        ledger.match([session()], at: boot) { _ in 1000 }
        ledger.add(login(isGrants: false), isTrusted: true)
        ledger.match([session()], at: boot) { _ in 1000 }
        #expect(ledger.entries(of: id).first?.standing == .verified)
    }

    @Test func aLineLongAfterItsConnectionIsNotItsLogin() {
        var late = login()
        (late.found.ticks, late.after) = (boot.ticks + 400 * BootTime.perSecond, boot)
        late.after?.ticks += 399 * BootTime.perSecond
        #expect(standing([late], [session()], later: 500 * BootTime.perSecond) == .unverified)
    }

    /// sshd does not escape line ends in its own file: what stands behind a stranger's word may be the stranger's.
    @Test func aForgedLineInSshdsOwnFileIsSuspect() throws {
        let scratch = try Scratch("ledger")
        let line =
            "Accepted publickey for deploy from 10.0.0.7 port 50312 ssh2: ED25519-CERT SHA256:abc ID curfew:\(id) (serial \(id.serial)) CA ED25519 SHA256:def\r\n"
        let refused =
            "Failed publickey for x from 1.1.1.1 port 1 ssh2: ED25519-CERT SHA256:a ID abc (serial 1) CA ED25519 SHA256:x\r\n"
        for (text, wanted) in [(line, LoginLedger.Standing.verified), (refused + line, .pending)] {
            let path = try scratch.write("log-\(UUID().uuidString)", text)
            chmod(path, 0o600)
            guard geteuid() == 0 else { return }
            var log = LoginLog(path)
            let isRead = log.refresh()
            #expect(isRead)
            #expect(log.ledger.entries(of: id).first?.standing == wanted)
        }
    }

    @Test func theJournalsOwnFieldsCount() {
        var reader = JournalReader()
        let good = #"{"__CURSOR":"s=1","MESSAGE":"Accepted","_PID":"17","_UID":"0","_COMM":"sshd","_TRANSPORT":"syslog"}"#
        let forged = good.replacing(#""_UID":"0""#, with: #""_UID":"65534""#)
        let other = good.replacing(#""_COMM":"sshd""#, with: #""_COMM":"logger","SYSLOG_IDENTIFIER":"sshd""#)
        let stream = good.replacing("syslog", with: "stdout")
        let bytes = good.replacing(#""Accepted""#, with: "[1,2,3]")
        let taken = reader.take(Array(good.utf8)).map(\.pid)
        #expect(taken == [17])
        for text in [forged, other, stream, bytes, "", "{", "[]"] {
            let none = reader.take(Array(text.utf8))
            #expect(none.isEmpty, "\(text)")
        }
    }
}
