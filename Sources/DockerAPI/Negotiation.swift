import Synchronization

/// The version of the API that is spoken with one engine, found out once.
final class Negotiation: Sendable {
    /// What we speak: oldest and newest.
    static let oldest = APIVersion(major: 1, minor: 41)
    static let newest = APIVersion(major: 1, minor: 47)
    private let known = Mutex<APIVersion?>(nil)

    var version: APIVersion? { known.withLock { $0 } }

    /// Settles on the newest that both speak.
    func settle(_ engine: APIVersion) throws -> APIVersion {
        guard engine >= Self.oldest else {
            throw DockerError(
                .version, "negotiate the API version",
                "the engine speaks \(engine) and Curfew needs \(Self.oldest) or later (Docker 20.10); upgrade the engine")
        }
        let version = min(engine, Self.newest)
        known.withLock { $0 = version }
        return version
    }

    /// The engine was lost: what comes back may be another one.
    func forget() { known.withLock { $0 = nil } }
}

/// A version such as `1.41`.
struct APIVersion: Comparable, Sendable, CustomStringConvertible {
    var major: Int
    var minor: Int

    init(major: Int, minor: Int) { (self.major, self.minor) = (major, minor) }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]), (0...99).contains(major),
            (0...999).contains(minor)
        else { return nil }
        self.init(major: major, minor: minor)
    }

    var description: String { "\(major).\(minor)" }

    static func < (left: APIVersion, right: APIVersion) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
}
