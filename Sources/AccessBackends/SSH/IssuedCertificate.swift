import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation

/// What was issued for one grant.
struct IssuedCertificate: Codable, Sendable {
    var id: GrantID
    var person: Name
    var start: Instant
    var end: Instant
    var principals: [String] = []
    var certificates: [String] = []
    var isRevoked = false
    /// When it was issued first; nobody logged in with it before.
    var issued: BootTime?
    /// The connections that were seen, at most 50.
    var sessions: [KnownSession]?

    init(_ order: AccessOrder) { (id, person, start, end) = (order.id, order.person.name, order.start, order.end) }

    static func read(_ path: String) -> IssuedCertificate? {
        let bytes = (try? PlainFile.read(path, limit: 4 << 20)) ?? nil
        return bytes.flatMap { try? JSONDecoder().decode(IssuedCertificate.self, from: Data($0)) }
    }

    func write(to path: String, isDurable: Bool = true) throws {
        try AtomicFile.write(Array(try JSONEncoder().encode(self)), to: path, isDurable: isDurable)
    }
}

/// A connection that a grant opened, and how its processes are found after it is closed.
struct KnownSession: Codable, Sendable, Hashable {
    var boot: String
    var process: ProcessID
    var user: String
    var endpoint: String
    var audit: Set<UInt32>
    var scopes: Set<String>

    init(_ login: Login, _ session: LiveSession) {
        (boot, process, user, endpoint) = (login.found.boot, session.process, login.user, login.endpoint)
        (audit, scopes) = (session.audit, session.scopes)
    }
}

extension [KnownSession] {
    /// Adds one, or what is new about one.
    mutating func merge(_ session: KnownSession) {
        if let index = firstIndex(where: { $0.process == session.process }) {
            self[index].audit.formUnion(session.audit)
            self[index].scopes.formUnion(session.scopes)
        } else {
            append(session)
        }
    }
}
