import CurfewModel
import CurfewTestSupport
import Synchronization
import Testing

@testable import CurfewNotifications

/// Mail, by the real curl, to a server that speaks SMTP.
@Suite struct MailTests {
    private func notifier(_ port: Int) -> MailNotifier {
        MailNotifier(
            .init(server: "127.0.0.1:\(port)", protection: .none, from: "curfew@example.org", to: ["ops@example.org"])
        ) { $0.rawValue == "alice" ? "alice@example.org" : "-oops" }
    }

    @Test func goesToAllAndToThePersonThatItIsFor() async throws {
        let sink = MailSink()
        let server = try TinyServer { sink.talk($0, refusing: nil) }
        defer { server.close() }
        var notice = FormTests.notice
        notice.person = Name(literal: "alice")
        try await notifier(server.port).send(notice)
        notice.person = Name(literal: "mallory")
        try await notifier(server.port).send(notice)
        let mails = sink.mails.withLock { $0 }
        #expect(mails.map(\.to) == [["<ops@example.org>", "<alice@example.org>"], ["<ops@example.org>"]])
        #expect(mails[0].text.contains("Subject: [curfew critical] web-1 was entered"))
    }

    @Test func whatAServerSays() async throws {
        for (answer, isFinal) in [("550 no such user", true), ("451 try later", false)] {
            let sink = MailSink()
            let server = try TinyServer { sink.talk($0, refusing: answer) }
            defer { server.close() }
            await #expect {
                try await notifier(server.port).send(FormTests.notice)
            } throws: { ($0 as? NotificationError)?.isFinal == isFinal }
        }
        let port = try freePort()
        await #expect {
            try await notifier(port).send(FormTests.notice)
        } throws: { ($0 as? NotificationError)?.isFinal == false }
    }

    /// The server offers no STARTTLS: nothing is sent in the clear.
    @Test func nothingGoesInTheClearUnasked() async throws {
        let sink = MailSink()
        let server = try TinyServer { sink.talk($0, refusing: nil) }
        defer { server.close() }
        let safe = MailNotifier(
            .init(server: "127.0.0.1:\(server.port)", protection: .starttls, from: "c@example.org", to: ["o@example.org"])
        ) { _ in nil }
        await #expect(throws: NotificationError.self) { try await safe.send(FormTests.notice) }
        #expect(sink.mails.withLock { $0.isEmpty })
    }
}
