import Crypto
public import CurfewModel
import Foundation

/// Any program that takes a signed POST.
///
/// The body is the notice as JSON. `X-Curfew-Signature` is `t=<seconds>,v1=<hex>`: HMAC-SHA256 with the shared secret over
/// `<seconds>.<body>`. `X-Curfew-Delivery` is the notice's id and state: who has seen it has seen this.
public final class WebhookNotifier: Notifier {
    public let forgets = false
    private let url: String
    private let secret: SymmetricKey
    private let now: @Sendable () -> Instant
    private let sender = HTTPSender()

    /// - Parameter secret: at least 16 bytes.
    public init(url: String, secret: [UInt8], now: @escaping @Sendable () -> Instant) {
        (self.url, self.secret, self.now) = (url, SymmetricKey(data: secret), now)
    }

    public func send(_ notice: Notice) async throws {
        let body = try json(Body(notice))
        let seconds = now().milliseconds / 1000
        let signed = Data("\(seconds).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: secret)
        let hex = code.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        try await sender.post(
            body, to: url,
            headers: [
                ("X-Curfew-Signature", "t=\(seconds),v1=\(hex)"),
                ("X-Curfew-Delivery", "\(notice.id)/\(notice.state.rawValue)"),
            ], what: "the webhook")
    }

    public func shutdown() async { await sender.shutdown() }

    private struct Body: Encodable {
        var id, kind, severity, state, message, at: String
        var until, workload, person: String?
        var details: [String: String]

        init(_ notice: Notice) {
            (id, kind, severity) = (notice.id, notice.kind, notice.severity.rawValue)
            (state, message, at) = (notice.state.rawValue, notice.message.prefix(bytes: 8000), notice.at.iso8601)
            (until, workload, person) = (notice.until?.iso8601, notice.workload?.rawValue, notice.person?.rawValue)
            details = notice.details
        }
    }
}
