public import CurfewModel
import CurfewSystem
import Foundation

/// Mail, handed to a server by curl: it knows TLS, logins and the oddities of servers.
public final class MailNotifier: Notifier {
    /// How the connection is protected.
    public enum Protection: String, Sendable, CaseIterable {
        /// TLS from the first byte.
        case tls
        /// STARTTLS, or nothing is sent.
        case starttls
        /// In the clear: for a server on this machine.
        case none
    }
    /// Where mail goes.
    public struct Settings: Sendable {
        /// `mail.example.org:587`.
        public var server: String
        /// How the connection is protected.
        public var protection: Protection
        /// The sender's address.
        public var from: String
        /// Who gets everything.
        public var to: [String]
        /// A file in netrc's form with the login; `nil` = none.
        public var credentials: String?

        /// Makes settings.
        public init(server: String, protection: Protection, from: String, to: [String], credentials: String? = nil) {
            (self.server, self.protection, self.from) = (server, protection, from)
            (self.to, self.credentials) = (to, credentials)
        }
    }
    public let forgets = false
    private let settings: Settings
    /// A person's address; `nil` when it is not known.
    private let address: @Sendable (Name) async -> String?

    /// Makes a notifier.
    /// - Parameter address: a person's address: what is for one person is sent there too.
    public init(_ settings: Settings, address: @escaping @Sendable (Name) async -> String?) {
        (self.settings, self.address) = (settings, address)
    }

    public func send(_ notice: Notice) async throws {
        var recipients = settings.to
        if let person = notice.person, let own = await address(person), Self.isAddress(own), !recipients.contains(own) {
            recipients.append(own)
        }
        guard !recipients.isEmpty else { return }
        let result: Program.Result
        do { result = try await program(notice, to: recipients).run(within: Self.limit) } catch {
            throw NotificationError("mail: \(error)")
        }
        guard result.isSuccess else {
            let text = result.complaint.split(separator: "\n").last.map { String($0).escapingControls } ?? "curl was ended"
            // A 5xx of SMTP is the server's last word.
            throw NotificationError("mail: \(text)", isFinal: text.contains(": 55"))
        }
    }

    /// Longest time of one mail; curl gives up before.
    private static let limit = Duration.seconds(40)

    /// curl with the mail in a file in memory: a server that hangs up early ends curl, and nobody who feeds it. Nobody's
    /// `.curlrc` counts, and nothing but SMTP is spoken.
    func program(_ notice: Notice, to recipients: [String]) -> Program {
        let scheme = settings.protection == .tls ? "smtps" : "smtp"
        var words = [
            "-q", "-sS", "--max-time", "30", "--proto", "=smtp,smtps", "--tlsv1.2", "--url", "\(scheme)://\(settings.server)",
            "--mail-from", settings.from,
        ]
        for recipient in recipients { words += ["--mail-rcpt", recipient] }
        if settings.protection == .starttls { words.append("--ssl-reqd") }
        if let credentials = settings.credentials { words += ["--netrc-file", credentials] }
        return Program(
            "curl", words + ["--upload-file", "-"],
            input: Array(MailMessage.text(notice, from: settings.from, to: recipients).utf8),
            hint: "install it with: apt-get install curl")
    }

    public func shutdown() async {}

    /// Whether it is a plain address that cannot be anything else on a command line or in a header.
    public static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, let first = parts[0].utf8.first, first != 0x2D else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                        || "._+-=".utf8.contains($0)
                }
        }
    }
}
