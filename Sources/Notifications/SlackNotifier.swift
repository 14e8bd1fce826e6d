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
        var text = String(notice.message.prefix(2000))
        for (sign, entity) in [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")] { text = text.replacing(sign, with: entity) }
        // Backticks would end the code that keeps everything else plain.
        return "*\(mark)* `\(notice.kind)` ```\(text.replacing("`", with: "'"))```"
    }
}
