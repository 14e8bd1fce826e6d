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

    /// curl ends before it has read the mail: the notice failed, and nothing else does.
    @Test(.timeLimit(.minutes(1))) func aServerThatHangsUpHarmsNobody() async throws {
        let server = try TinyServer { _ in }
        defer { server.close() }
        let down = try freePort()
        var notice = FormTests.notice
        notice.details = Dictionary(
            uniqueKeysWithValues: (0..<32).map { ("detail-\($0)", String(repeating: "x", count: 5000)) })
        await withTaskGroup(of: Void.self) { group in
            for round in 0..<20 {
                let port = round.isMultiple(of: 2) ? server.port : down
                group.addTask { [notice] in
                    await #expect(throws: NotificationError.self) { try await notifier(port).send(notice) }
                }
            }
        }
        let program = notifier(down).program(notice, to: ["ops@example.org"])
        #expect(program.arguments.first == "-q" && program.arguments.contains("--tlsv1.2"))
        #expect(program.environment["HOME"] == nil && program.input != nil)
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
