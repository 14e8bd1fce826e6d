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
        return "*\(mark)* `\(plain(notice.kind, upTo: 100))` ```\(plain(notice.message, upTo: 2000))```"
    }

    /// Backticks would end the code that keeps everything else plain. Scalar by scalar: a sign with a combining mark behind it
    /// is the same sign to whoever reads the bytes.
    private static func plain(_ text: String, upTo limit: Int) -> String {
        text.prefix(bytes: limit).escapingControls.replacing(scalar: "&", with: "&amp;").replacing(scalar: "<", with: "&lt;")
            .replacing(scalar: ">", with: "&gt;").replacing(scalar: "`", with: "'")
    }
}
