import Crypto
import CurfewModel
import CurfewTestSupport
import Foundation
import Synchronization
import Testing

@testable import CurfewNotifications

/// What others get to see.
@Suite struct FormTests {
    static let notice = Notice(
        id: "event/7", kind: "entry.alert", severity: .critical,
        message: "web-1 was entered: <script>alert(1)</script> `x` & <!channel>", workload: Name(literal: "web"),
        details: ["command": "sh -c id"], at: Instant(milliseconds: 1_795_000_000_250))

    @Test func severities() {
        #expect(NoticeKinds.severity(of: "entry.alert") == .critical)
        #expect(NoticeKinds.severity(of: "grant.given") == .info)
        #expect(NoticeKinds.severity(of: "grant.stray") == .critical)
        #expect(NoticeKinds.severity(of: "something.new") == .info)
        #expect(NoticeFilter().takes("attempt.refused") && !NoticeFilter().takes("entry.noted"))
        let narrow = NoticeFilter(kinds: ["revert."], severity: .info)
        #expect(narrow.takes("revert.pushed") && !narrow.takes("entry.alert"))
    }

    @Test func aChatMessageHasNoMarkupOfOthers() {
        let text = SlackNotifier.text(Self.notice)
        #expect(text.hasPrefix("*CRITICAL* `entry.alert` ```") && text.hasSuffix("```"))
        #expect(!text.contains("<") && text.components(separatedBy: "```").count == 3, "\(text)")
    }

    /// Whatever stands behind a sign, it is the sign to whoever reads the bytes.
    @Test func noMarkHidesASign() {
        for mark in ["\u{301}", "\u{338}", "\u{200D}", "\u{FE0F}", "\u{20E3}", "\u{1F3FD}", ""] {
            var notice = Self.notice
            notice.message = ["<", "!channel>", "`", "`", "`", "&", ">", "@here"].map { $0 + mark }.joined()
            let text = SlackNotifier.text(notice)
            for sign in ["<", ">"] { #expect(!text.unicodeScalars.contains { String($0) == sign }, "\(mark) \(text)") }
            #expect(text.utf8.count(where: { $0 == UInt8(ascii: "`") }) == 8, "\(text)")
        }
        // One character of a megabyte is a megabyte.
        var notice = Self.notice
        notice.message = "a" + String(repeating: "\u{301}", count: 1 << 20)
        notice.details = ["x": notice.message]
        #expect(SlackNotifier.text(notice).utf8.count < 3000)
        #expect(AlertmanagerNotifier.Alert(notice, "x").annotations.values.allSatisfy { $0.utf8.count <= 1000 })
        let mail = MailMessage.text(notice, from: "c@example.org", to: ["o@example.org"])
        #expect(mail.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 998 })
    }

    @Test func aMailIsLinesOfItsOwn() {
        var notice = Self.notice
        (notice.message, notice.id) = ("a\r\nBcc: evil@example.org\r\n\r\nbody ü", "x>\r\nTo: y")
        let text = MailMessage.text(notice, from: "curfew@example.org", to: ["ops@example.org"])
        let head = text.components(separatedBy: "\r\n\r\n")[0]
        #expect(!head.components(separatedBy: "\r\n").contains { $0.hasPrefix("Bcc:") || $0.hasPrefix("To: y") }, "\(head)")
        #expect(head.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.contains("command: sh -c id"))
        for odd in ["-oQ/tmp@x.org", "a@b@c", "a b@c", "a@", "\"x\"@y", "a@b\r\nRCPT"] { #expect(!MailNotifier.isAddress(odd)) }
        #expect(MailNotifier.isAddress("alice+pager@example.org"))
    }

    @Test func anAlertHasBoundedLabels() throws {
        let alert = AlertmanagerNotifier.Alert(Self.notice, "git://x")
        #expect(alert.labels["alertname"] == "CurfewEntryAlert" && alert.labels["workload"] == "web")
        #expect(alert.startsAt == "2026-11-18T11:06:40.250Z", "\(alert.startsAt)")
        #expect(alert.endsAt > alert.startsAt)
    }

    @Test func aWebhookIsSigned() async throws {
        let taken = Mutex<[(headers: [String: String], body: [UInt8])]>([])
        let server = try TinyServer { connection in
            guard let request = connection.request() else { return }
            taken.withLock { $0.append((request.headers, request.body)) }
            connection.send("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        defer { server.close() }
        let secret = Array("0123456789abcdef".utf8)
        let hook = WebhookNotifier(url: "http://127.0.0.1:\(server.port)/x", secret: secret) {
            Instant(milliseconds: 1_795_000_001_000)
        }
        try await hook.send(Self.notice)
        await hook.shutdown()
        let (headers, body) = try #require(taken.withLock { $0.first })
        let code = HMAC<SHA256>.authenticationCode(for: Data("1795000001.".utf8) + body, using: SymmetricKey(data: secret))
        let hex = code.map { String(format: "%02x", $0) }.joined()
        #expect(headers["x-curfew-signature"] == "t=1795000001,v1=\(hex)")
        #expect(headers["x-curfew-delivery"] == "event/7/event")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        #expect(json["message"] as? String == Self.notice.message && json["severity"] as? String == "critical")
    }

    @Test(arguments: [(500, false), (429, false), (401, false), (400, true), (410, true)])
    func whatIsRefusedForGood(_ status: Int, _ isFinal: Bool) async throws {
        let server = try TinyServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 \(status) X\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope")
        }
        defer { server.close() }
        let chat = SlackNotifier(url: "http://127.0.0.1:\(server.port)/T000/secret")
        await #expect {
            try await chat.send(Self.notice)
        } throws: { error in
            guard let error = error as? NotificationError else { return false }
            return error.isFinal == isFinal && !"\(error)".contains("secret") && "\(error)".contains("nope")
        }
        await chat.shutdown()
    }
}
