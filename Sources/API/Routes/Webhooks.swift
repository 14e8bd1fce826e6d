import Crypto
import Foundation
import Glibc
import HTTPTypes
import Hummingbird
import Synchronization

/// Hints from forges that the branch may have moved. They make Curfew fetch a little earlier, and nothing else: what a
/// delivery says is not even parsed. The secret keeps strangers from making it fetch all the time.
struct Webhooks: Sendable {
    /// Largest delivery in bytes.
    static let maxBody = 1 << 20
    /// Fewest bytes of a secret.
    static let leastSecret = 16

    /// Who sends, and how they sign.
    enum Forge: String, Sendable, CaseIterable { case github, gitlab, gitea, generic }

    let secrets: [Forge: String]
    let memory: DeliveryMemory
    let fetch: @Sendable () async -> Void

    /// One for each forge that is configured; the others do not exist.
    var routes: [Route] {
        secrets.sorted { $0.key.rawValue < $1.key.rawValue }.map { forge, file in
            Route(
                method: .post, path: "/hooks/\(forge.rawValue)", access: .hook,
                about: "A hint to fetch, signed with the secret of the hook.", answer: Schema.done, status: .accepted,
                maxBody: Self.maxBody, judge: { try Self.judge(forge, $0.headers, file) }
            ) { call in try await take(call, forge, file) }
        }
    }

    /// Whoever shows nothing that could be a signature sends no body either.
    private static func judge(_ forge: Forge, _ headers: HTTPFields, _ file: String) throws(Problem) {
        guard forge == .gitlab || signature(forge, headers)?.count == 64,
            forge != .gitlab || secret(file).map({ isGenuine(forge, headers, Data(), $0) }) ?? true
        else { throw wrongSignature }
    }

    private static var wrongSignature: Problem {
        Problem(
            .unauthorized, "the signature is missing or wrong", headers: [.wwwAuthenticate: "Signature"], closes: true)
    }

    private func take(_ call: Call, _ forge: Forge, _ file: String) async throws -> Response {
        guard let secret = Self.secret(file) else {
            throw Problem(.serviceUnavailable, "this hook has no secret that can be used; `curfew doctor` says why")
        }
        let headers = call.request.headers
        let body = call.body.readableBytesView
        guard Self.isGenuine(forge, headers, Data(body), secret) else {
            throw Self.wrongSignature
        }
        let id = Self.deliveryID(forge, headers, Data(body))
        switch memory.note("\(forge.rawValue)/\(id)", now: .now) {
        case .fresh: await fetch()
        case .replayed: return JSONAnswer.response(DoneView(done: "nothing: this delivery was here before"), status: .accepted)
        case .tooMany:
            throw Problem(.tooManyRequests, "enough hints for now; the branch is looked at anyway", headers: [.retryAfter: "1"])
        }
        return JSONAnswer.response(DoneView(done: "fetch"), status: .accepted)
    }

    /// The secret without blanks at its end, `nil` when it is missing or too short to keep anybody out.
    static func secret(_ file: String) -> Data? {
        guard let handle = FileHandle(forReadingAtPath: file), let data = try? handle.read(upToCount: 4096) else { return nil }
        let end = data.lastIndex { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }
        let secret = end.map { data[data.startIndex...$0] } ?? Data()
        return secret.count >= leastSecret ? Data(secret) : nil
    }

    /// Checked over the bytes as they came, before anything reads them.
    static func isGenuine(_ forge: Forge, _ headers: HTTPFields, _ body: Data, _ secret: Data) -> Bool {
        if forge == .gitlab {
            // GitLab signs nothing and sends the secret itself. Hashed, so that even the length says nothing.
            guard let token = one("X-Gitlab-Token", headers) else { return false }
            return constantTimeEqual(Array(SHA256.hash(data: Data(token.utf8))), Array(SHA256.hash(data: secret)))
        }
        guard let digits = signature(forge, headers) else { return false }
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: secret))
        let wanted = code.flatMap { byte in [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]] }
        return constantTimeEqual(digits, wanted)
    }

    private static func one(_ name: String, _ headers: HTTPFields) -> String? {
        guard let field = HTTPField.Name(name) else { return nil }
        let values = headers[values: field]
        return values.count == 1 ? values[0] : nil
    }

    /// The digits of the signature; `nil` when there is none.
    private static func signature(_ forge: Forge, _ headers: HTTPFields) -> [UInt8]? {
        let (name, prefix) = forge == .gitea ? ("X-Gitea-Signature", "") : ("X-Hub-Signature-256", "sha256=")
        guard let text = one(forge == .generic ? "X-Curfew-Signature-256" : name, headers), text.hasPrefix(prefix) else {
            return nil
        }
        return Array(text.utf8.dropFirst(prefix.utf8.count))
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// What the forge calls the delivery; the body's hash where it has no name.
    private static func deliveryID(_ forge: Forge, _ headers: HTTPFields, _ body: Data) -> String {
        let names: [Forge: String] = [
            .github: "X-GitHub-Delivery", .gitlab: "X-Gitlab-Event-UUID", .gitea: "X-Gitea-Delivery",
            .generic: "X-Curfew-Delivery",
        ]
        let given = names[forge].flatMap { HTTPField.Name($0) }.flatMap { headers[$0] }
        // Nobody signs the id. Bodies of GitHub and Gitea differ by themselves, so another id on the same body is a replay there.
        let digest = SHA256.hash(data: body).prefix(16).map { String($0, radix: 16) }.joined(separator: ".")
        return forge == .gitlab || forge == .generic ? "\(given?.prefix(128) ?? "-")/\(digest)" : digest
    }
}

/// Remembers deliveries that were taken, and how many came lately. Bounded in memory.
final class DeliveryMemory: Sendable {
    enum Outcome: Sendable, Equatable { case fresh, replayed, tooMany }
    private struct State {
        var seen: Set<String> = []
        var order: [String] = []
        var credit: Double
        var at: ContinuousClock.Instant?
    }
    static let mostRemembered = 4096
    /// Hints a second in the long run, and at once.
    static let (rate, burst) = (1.0, 20.0)
    private let state = Mutex(State(credit: DeliveryMemory.burst))

    func note(_ id: String, now: ContinuousClock.Instant) -> Outcome {
        state.withLock { state in
            if state.seen.contains(id) { return .replayed }
            if let at = state.at {
                let passed = Double((now - at).components.seconds) + Double((now - at).components.attoseconds) / 1e18
                state.credit = min(Self.burst, state.credit + passed * Self.rate)
            }
            state.at = now
            guard state.credit >= 1 else { return .tooMany }
            state.credit -= 1
            state.seen.insert(id)
            state.order.append(id)
            if state.order.count >= 2 * Self.mostRemembered {
                state.seen.subtract(state.order.prefix(Self.mostRemembered))
                state.order.removeFirst(Self.mostRemembered)
            }
            return .fresh
        }
    }
}
