import CurfewModel
import Foundation

/// Alertmanager, by its API v2. An alert that is told twice is one alert there.
public final class AlertmanagerNotifier: Notifier {
    public let forgets = true
    private let url: String
    private let source: String
    private let sender = HTTPSender()

    /// - Parameters:
    ///   - url: `http://alertmanager:9093`, without a path or with the one that it is reached under.
    ///   - source: which Curfew tells it; the label `instance`.
    public init(url: String, source: String) {
        self.url = (url.hasSuffix("/") ? String(url.dropLast()) : url) + "/api/v2/alerts"
        self.source = source
    }

    public func send(_ notice: Notice) async throws {
        try await sender.post(json([Alert(notice, source)]), to: url, what: "Alertmanager")
    }

    public func shutdown() async { await sender.shutdown() }

    struct Alert: Encodable {
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String

        init(_ notice: Notice, _ source: String) {
            labels = [
                "alertname": Self.name(notice.kind), "kind": notice.kind, "severity": notice.severity.rawValue,
                "instance": source, "id": notice.id,
            ]
            labels["workload"] = notice.workload?.rawValue
            labels["person"] = notice.person?.rawValue
            annotations = ["summary": notice.message.prefix(bytes: 1000)]
            for (name, value) in notice.details.sorted(by: { $0.key < $1.key }).prefix(16) {
                annotations["detail_" + name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }] =
                    value.prefix(bytes: 500)
            }
            startsAt = notice.at.iso8601
            // An event is shown for ten minutes; what goes on is told again before its time is over.
            let end: Instant =
                switch notice.state {
                case .event: notice.at + .seconds(600)
                case .firing: (notice.until ?? notice.at) + .seconds(300)
                case .resolved: notice.until ?? notice.at
                }
            endsAt = end.iso8601
        }

        /// `entry.alert` → `CurfewEntryAlert`.
        private static func name(_ kind: String) -> String {
            "Curfew"
                + kind.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).map {
                    $0.prefix(1).uppercased() + $0.dropFirst()
                }.joined()
        }
    }
}

extension Instant {
    /// `2026-11-23T12:00:01.250Z`.
    var iso8601: String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }
}
