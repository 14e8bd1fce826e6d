import Crypto
import CurfewModel
import Foundation
import Synchronization

/// Who is signed in to the console. A browser keeps a random id that means something here, in this run, and nowhere else; the
/// token that was shown stays out of cookies, addresses, pages and logs, and is not kept here either.
final class ConsoleSessions: Sendable {
    struct Limits: Sendable {
        /// Longest time without a request.
        var idle = Duration.seconds(2 * 3600)
        /// Longest time since signing in.
        var age = Duration.seconds(12 * 3600)
        /// Sessions at once, and of one token or person.
        var sessions = 1024
        var sessionsOfOne = 32
    }
    /// What was shown to sign in, as far as it has to be checked again with each request.
    enum Credential: Sendable, Hashable {
        /// The SHA-256 of a token of the file.
        case token([UInt8])
        /// Somebody whom an identity provider has named, until then.
        case identity(Identity)

        /// Whose sessions are counted together.
        fileprivate var holder: [UInt8] {
            switch self {
            case .token(let digest): digest
            case .identity(let identity): Array(identity.caller.name.utf8)
            }
        }
    }
    private struct Session: Sendable {
        var credential: Credential
        var began: ContinuousClock.Instant
        var used: ContinuousClock.Instant
        /// Tells apart what was used at one moment: the greater the younger.
        var number: UInt64
    }
    private let limits: Limits
    private let now: @Sendable () -> ContinuousClock.Instant
    /// By the SHA-256 of the id.
    private let state = Mutex<[String: Session]>([:])
    private let next = Atomic<UInt64>(0)

    init(_ limits: Limits = .init(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        (self.limits, self.now) = (limits, now)
    }

    var count: Int { state.withLock { $0.count } }

    /// Begins a session. The id is always a fresh one: nobody can choose the id of somebody else's session.
    /// - Returns: 43 characters, 256 random bits.
    func begin(_ credential: Credential) -> String {
        let random = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        let id = random.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let (now, number) = (now(), next.wrappingAdd(1, ordering: .relaxed).newValue)
        state.withLock { sessions in
            sessions = sessions.filter { isOpen($0.value, at: now) }
            let own = sessions.filter { $0.value.credential.holder == credential.holder }
            if own.count >= limits.sessionsOfOne { sessions[Self.leastUsed(own)] = nil }
            if sessions.count >= limits.sessions { sessions[Self.leastUsed(sessions)] = nil }
            sessions[Self.key(id)] = Session(credential: credential, began: now, used: now, number: number)
        }
        return id
    }

    /// What a session rests on, with the key that forms are bound to; `nil` when there is none of that id any more.
    func find(_ id: String) -> (key: String, credential: Credential)? {
        let (key, now) = (Self.key(id), now())
        return state.withLock { sessions in
            guard let session = sessions[key] else { return nil }
            guard isOpen(session, at: now) else {
                sessions[key] = nil
                return nil
            }
            sessions[key]?.used = now
            return (key, session.credential)
        }
    }

    /// Ends a session for good.
    func end(_ id: String) { state.withLock { $0[Self.key(id)] = nil } }

    private func isOpen(_ session: Session, at now: ContinuousClock.Instant) -> Bool {
        now - session.used < limits.idle && now - session.began < limits.age
    }

    private static func leastUsed(_ sessions: [String: Session]) -> String {
        sessions.min { ($0.value.used, $0.value.number) < ($1.value.used, $1.value.number) }?.key ?? ""
    }

    private static func key(_ id: String) -> String {
        SHA256.hash(data: Data(id.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
