import CurfewModel
import CurfewSystem
import Foundation

/// The keys that known_hosts has for one SSH host, looked up by OpenSSH itself (which knows hashed names and ports).
struct HostKeys {
    enum Verdict: Equatable { case known, unknown(String), changed(String) }

    private let host: String
    private let file: String
    /// Type and key, both as in known_hosts.
    private let keys: [(type: String, key: Data)]
    /// Keys that must not be believed whoever shows them.
    private let revoked: [Data]

    init(url: RemoteURL, file: String?) async throws {
        let path = file ?? "/etc/ssh/ssh_known_hosts"
        self.file = path
        host = url.port.map { $0 == 22 ? url.host : "[\(url.host)]:\($0)" } ?? url.host
        guard access(path, R_OK) == 0 else {
            throw GitError(
                .hostKeyMismatch, operation: "connect to", subject: host,
                "there is no file with known host keys; make it with `ssh-keyscan`, check the fingerprint, and name it as credentials.knownHostsFile"
            )
        }
        let result: Program.Result
        do {
            result = try await Program("ssh-keygen", ["-F", host, "-f", path], hint: OpenSSH.package).run(within: OpenSSH.limit)
        } catch {
            throw GitError(
                .hostKeyMismatch, operation: "connect to", subject: host, "its keys cannot be looked up: \(error.message)")
        }
        var (keys, revoked): ([(type: String, key: Data)], [Data]) = ([], [])
        for line in result.text.split(separator: "\n") where !line.hasPrefix("#") {
            var words = line.split(whereSeparator: \.isWhitespace)
            let marker = words.first?.hasPrefix("@") ?? false ? String(words.removeFirst()) : nil
            guard words.count >= 3, let key = Data(base64Encoded: String(words[2])) else { continue }
            // The key of an authority (`@cert-authority`) is no host's own key.
            if marker == nil { keys.append((String(words[1]), key)) }
            if marker == "@revoked" { revoked.append(key) }
        }
        (self.keys, self.revoked) = (keys, revoked)
    }

    /// Judges the key that the host showed (in SSH wire format).
    func judge(_ shown: Data) -> Verdict {
        if revoked.contains(shown) { return .changed("its host key is marked as revoked in \(file); the host needs a new one") }
        if keys.contains(where: { $0.key == shown }) { return .known }
        let type = Self.type(of: shown)
        if keys.contains(where: { $0.type == type }) {
            return .changed(
                "its \(type) host key is not the one in \(file): either the host was set up anew, or somebody stands in between; check before you change the file"
            )
        }
        if keys.isEmpty {
            return .unknown("\(host) is not in \(file); add its key with `ssh-keyscan` after checking the fingerprint")
        }
        return .unknown(
            "\(host) showed a key of type \(type), \(file) has \(keys.map(\.type).joined(separator: ", ")); add that one too after checking it"
        )
    }

    /// The wire format begins with the length and the name of the type.
    private static func type(of key: Data) -> String {
        let bytes = Array(key)
        guard bytes.count > 4 else { return "unknown" }
        let length = Int(bytes[2]) << 8 | Int(bytes[3])
        guard bytes[0] == 0, bytes[1] == 0, length <= 64, bytes.count >= 4 + length else { return "unknown" }
        return String(decoding: bytes[4..<4 + length], as: UTF8.self).escapingControls
    }
}
