import CurfewDrivers
import CurfewModel
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

    init(_ order: AccessOrder) { (id, person, start, end) = (order.id, order.person.name, order.start, order.end) }

    static func read(_ path: String) -> IssuedCertificate? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONDecoder().decode(IssuedCertificate.self, from: $0) }
    }

    func write(to path: String, isDurable: Bool = true) throws {
        try SafeFile.write(try JSONEncoder().encode(self), to: path, mode: 0o600, isDurable: isDurable)
    }
}
