import CurfewDrivers
import CurfewModel
import Foundation

/// What a host that trusts the authority needs: fetched from Git by `curfew host sync`, installed by ``HostInstaller``.
public struct HostBundle: Sendable, Hashable {
    /// The revocation list, at most 16 MiB.
    public var krl: [UInt8]
    /// The authority that it is for: `SHA256:…`, for comparing alone. Its key is put on a host by hand.
    public var authority: String
    /// The revocation list's own version; grows.
    public var version: Int64
    /// Account → text of its principals file; empty when the hosts map principals themselves.
    public var principals: [String: String]

    /// Makes a bundle.
    public init(krl: [UInt8], authority: String, version: Int64, principals: [String: String]) {
        (self.krl, self.authority, self.version, self.principals) = (krl, authority, version, principals)
    }
}

extension HostBundle {
    /// Most bytes of all files of a bundle.
    public static let limit = 32 << 20
    private static let krlFile = "krl"
    private static let aboutFile = "hosts.json"

    /// What stands beside the revocation list.
    private struct About: Codable {
        var authority: String
        var version: Int64
        var principals: [String: String]
    }

    /// The files that are published.
    public func files() throws -> [String: [UInt8]] {
        let coder = JSONEncoder()
        coder.outputFormatting = [.sortedKeys]
        let about = About(authority: authority, version: version, principals: principals)
        return [Self.krlFile: krl, Self.aboutFile: Array(try coder.encode(about))]
    }

    /// Reads them; `nil` when there is one more or less, or one is of another form.
    public init?(files: [String: [UInt8]]) {
        guard files.count == 2, let krl = files[Self.krlFile], let bytes = files[Self.aboutFile],
            let about = try? JSONDecoder().decode(About.self, from: Data(bytes))
        else { return nil }
        self.init(krl: krl, authority: about.authority, version: about.version, principals: about.principals)
    }
}

extension SSHBackend {
    public func published() throws -> [String: [UInt8]]? { configuration.publishes ? try exported().files() : nil }

    /// What hosts need just now. Lines of principals files that Curfew did not write are not in it.
    /// - Throws: ``DriverError`` when the revocation list cannot be read.
    public func exported() throws -> HostBundle {
        guard let inPlace = try list.read(), let bytes = FileManager.default.contents(atPath: configuration.krl),
            let version = RevocationHeader.version(of: bytes), version == Int64(clamping: inPlace.version)
        else { throw keygen.failure("export", configuration.krl, "the revocation list cannot be read") }
        let moment = now()
        var files: [String: [String]] = [:]
        for record in issued.values where principals != nil {
            // An account without a live grant is told too: its lines have to go from the hosts.
            for account in record.principals {
                let isLive = !record.isRevoked && record.end > moment
                files[account, default: []] += isLive ? [PrincipalsFolder.line(record)] : []
            }
        }
        return HostBundle(
            krl: Array(bytes), authority: list.fingerprint, version: version,
            principals: files.mapValues { lines in
                ([PrincipalsFolder.marker] + lines.sorted()).map { $0 + "\n" }.joined()
            })
    }
}

/// The beginning of a revocation list's file.
enum RevocationHeader {
    /// `SSHKRL\n\0`, the format's version 1, then the list's own version, most significant byte first.
    static func version(of bytes: some Collection<UInt8>) -> Int64? {
        let head = Array(bytes.prefix(20))
        guard head.count == 20, head.starts(with: Array("SSHKRL\n\0".utf8) + [0, 0, 0, 1]) else { return nil }
        return Int64(exactly: head[12...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
