import CurfewDesiredState
import CurfewJournal
import CurfewModel
import CurfewNotifications
import Foundation
import Glibc
import Logging

extension Composition {
    /// Those who are told. Secrets are read once, at the start.
    /// - Throws: ``DaemonError`` when a file cannot be used.
    static func notifications(
        of configuration: ServiceConfiguration, journal: Journal, status: @escaping @Sendable () async -> Status,
        address: @escaping @Sendable (Name) async -> String?, now: @escaping @Sendable () -> Instant, log: Logger
    ) throws -> [NotificationKeeper] {
        try configuration.notifications.values.sorted { $0.name < $1.name }.map { target in
            NotificationKeeper(
                NotificationKeeper.Parts(
                    name: target.name,
                    notifier: try notifier(target, source: configuration.repository.url, address: address, now: now),
                    filter: NoticeFilter(kinds: target.events, severity: Severity(rawValue: target.severity) ?? .warning),
                    reminder: target.reminder, journal: journal, status: status, now: now, log: log))
        }
    }

    private static func notifier(
        _ target: ServiceConfiguration.NotificationConfiguration, source: String,
        address: @escaping @Sendable (Name) async -> String?, now: @escaping @Sendable () -> Instant
    ) throws -> any Notifier {
        switch target.type {
        case "webhook":
            let secret = Array(try secret(target.secretFile, target.name).utf8)
            guard secret.count >= 16 else {
                throw DaemonError(
                    .refused, operation: "set up notification", subject: target.name.rawValue,
                    "the secret in \(target.secretFile ?? "") has to have at least 16 bytes; make one with: openssl rand -hex 32"
                )
            }
            return WebhookNotifier(url: target.url ?? "", secret: secret, now: now)
        case "slack":
            let url = try secret(target.urlFile, target.name)
            guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
                throw DaemonError(
                    .refused, operation: "set up notification", subject: target.name.rawValue,
                    "\(target.urlFile ?? "") holds no address")
            }
            return SlackNotifier(url: url)
        case "smtp":
            return MailNotifier(
                MailNotifier.Settings(
                    server: target.server ?? "", protection: .init(rawValue: target.protection) ?? .starttls,
                    from: target.from, to: target.to, credentials: target.credentials), address: address)
        default: return AlertmanagerNotifier(url: target.url ?? "", source: source)
        }
    }

    /// The first line of a file that others cannot read.
    private static func secret(_ path: String?, _ name: Name) throws -> String {
        let path = path ?? ""
        func refuse(_ why: String) -> DaemonError {
            DaemonError(.refused, operation: "set up notification", subject: name.rawValue, "\(path) \(why)")
        }
        var info = stat()
        guard stat(path, &info) == 0, info.st_size <= 65536, let data = FileManager.default.contents(atPath: path) else {
            throw refuse("cannot be read")
        }
        guard info.st_mode & 0o077 == 0 else { throw refuse("can be read by others; run: chmod 600 \(path)") }
        let line = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard !line.isEmpty else { throw refuse("is empty") }
        return line
    }
}
