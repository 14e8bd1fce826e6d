import CurfewModel
import Foundation

/// A channel behind a Slack-compatible incoming webhook (Slack, Mattermost, Rocket.Chat, Zulip). The address is the secret.
public final class SlackNotifier: Notifier {
    public let forgets = false
    private let url: String
    private let sender = HTTPSender()

    /// Makes a notifier.
    public init(url: String) { self.url = url }

    public func send(_ notice: Notice) async throws {
        try await sender.post(json(["text": Self.text(notice)]), to: url, what: "the chat")
    }

    public func shutdown() async { await sender.shutdown() }

    /// One message; nothing in it can become a link, a mention or markup.
    static func text(_ notice: Notice) -> String {
        let mark =
            switch (notice.state, notice.severity) {
            case (.resolved, _): "OK"
            case (_, .critical): "CRITICAL"
            case (_, .warning): "WARNING"
            case (_, .info): "INFO"
            }
        let (kind, message) = (notice.kind.prefix(bytes: 100), notice.message.prefix(bytes: 2000))
        return "*\(mark)* `\(InertText.slack(kind))` ```\(InertText.slack(message))```"
    }
}
