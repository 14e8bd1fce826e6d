import CurfewDrivers
import CurfewModel
import Foundation

/// What a host that trusts the authority needs: fetched from Git by `curfew host sync`, installed by ``HostInstaller``.
public struct HostBundle: Sendable, Hashable, Codable {
    /// The revocation list, at most 16 MiB.
    public var krl: [UInt8]
    /// The authority's public key: `type body`.
    public var caPublicKey: String
    /// The revocation list's own version; grows.
    public var version: Int64
    /// Account → text of its principals file; empty when the hosts map principals themselves.
    public var principals: [String: String]

    /// Makes a bundle.
    public init(krl: [UInt8], caPublicKey: String, version: Int64, principals: [String: String]) {
        (self.krl, self.caPublicKey, self.version, self.principals) = (krl, caPublicKey, version, principals)
    }
}

extension HostBundle {
    /// The file of a reference that holds a bundle.
    public static let file = "bundle.json"
}

extension SSHBackend {
    public func published() throws -> [String: [UInt8]]? {
        guard configuration.publishes else { return nil }
        let coder = JSONEncoder()
        coder.outputFormatting = [.sortedKeys]
        return [HostBundle.file: Array(try coder.encode(exported()))]
    }

    /// What hosts need just now. Lines of principals files that Curfew did not write are not in it.
    /// - Throws: ``DriverError`` when the revocation list cannot be read.
    public func exported() throws -> HostBundle {
        guard let inPlace = try list.read(), let bytes = FileManager.default.contents(atPath: configuration.krl),
            let version = RevocationHeader.version(of: bytes), version == Int64(clamping: inPlace.version),
            let key = SafeFile.text(keygen.authority)
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
            krl: Array(bytes), caPublicKey: key.trimmingCharacters(in: .whitespacesAndNewlines), version: version,
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
