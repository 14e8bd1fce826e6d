import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

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

    func write(to path: String) throws { try SafeFile.write(try JSONEncoder().encode(self), to: path, mode: 0o600) }
}

/// Files that are there whole or not at all.
enum SafeFile {
    static func write(_ data: Data, to path: String, mode: mode_t) throws {
        let temporary = "\(path).tmp"
        unlink(temporary)
        let file = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw problem(path) }
        var done = 0
        let isWritten = data.withUnsafeBytes { bytes in
            while done < bytes.count {
                let count = Glibc.write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0, errno != EINTR { return false }
                if count > 0 { done += count }
            }
            return true
        }
        let isSafe = isWritten && fchmod(file, mode) == 0 && fsync(file) == 0
        close(file)
        guard isSafe, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw problem(path)
        }
    }

    private static func problem(_ path: String) -> DriverError {
        DriverError(.storage, operation: "write", subject: path, String(cString: strerror(errno)))
    }
}
