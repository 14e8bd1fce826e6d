public import CurfewModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

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
        let scheme = settings.protection == .tls ? "smtps" : "smtp"
        var words = ["-sS", "--max-time", "30", "--url", "\(scheme)://\(settings.server)", "--mail-from", settings.from]
        for recipient in recipients { words += ["--mail-rcpt", recipient] }
        if settings.protection == .starttls { words.append("--ssl-reqd") }
        if let credentials = settings.credentials { words += ["--netrc-file", credentials] }
        words += ["--upload-file", "-"]
        let message = MailMessage.text(notice, from: settings.from, to: recipients)
        let (isDone, errors): (Bool, String)
        do {
            let result = try await Subprocess.run(
                .name("curl"), arguments: Arguments(words), environment: .inherit, input: .string(message),
                output: .discarded, error: .string(limit: 4096))
            (isDone, errors) = (result.terminationStatus.isSuccess, result.standardError)
        } catch { throw NotificationError("mail: curl cannot be started; install it with: apt-get install curl") }
        guard isDone else {
            let text = errors.split(separator: "\n").last.map(String.init) ?? "curl was ended"
            // A 5xx of SMTP is the server's last word.
            throw NotificationError("mail: \(text)", isFinal: text.contains(": 55"))
        }
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
