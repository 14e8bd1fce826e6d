/// Where an Engine API listens.
public struct DockerEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// How it is reached.
    public enum Address: Sendable, Hashable {
        /// A Unix socket, absolute path of at most 107 bytes.
        case unix(path: String)
        /// A host (a literal address or a name) and a port.
        case tcp(host: String, port: Int)
    }
    /// Files in PEM for mutual TLS; absolute paths.
    public struct TLSFiles: Sendable, Hashable {
        /// Certificates of the authorities that may have signed the engine's.
        public var authority: String
        /// Our certificate.
        public var certificate: String
        /// Its private key.
        public var key: String
        /// Makes a set of files.
        public init(authority: String, certificate: String, key: String) {
            (self.authority, self.certificate, self.key) = (authority, certificate, key)
        }
    }
    /// How it is reached.
    public var address: Address
    /// For `tcp`: `nil` = no encryption and no authentication.
    public var tls: TLSFiles?

    /// Makes an endpoint.
    public init(address: Address, tls: TLSFiles? = nil) { (self.address, self.tls) = (address, tls) }

    /// Reads `unix:///run/docker.sock` or `tcp://host:port`; `nil` when it is neither.
    public init?(_ text: String, tls: TLSFiles? = nil) {
        if text.hasPrefix("unix:///") {
            let path = String(text.dropFirst(7))
            guard path.utf8.count <= 107, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), path.utf8.count > 1 else {
                return nil
            }
            self.init(address: .unix(path: path))
        } else if text.hasPrefix("tcp://") {
            let rest = text.dropFirst(6)
            guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
                (1...65535).contains(port)
            else { return nil }
            var host = rest[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            let plain = host.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || ".:-".utf8.contains($0)
            }
            guard !host.isEmpty, !host.hasPrefix("-"), plain else { return nil }
            self.init(address: .tcp(host: String(host), port: port), tls: tls)
        } else {
            return nil
        }
    }

    /// Whether the engine runs on this machine for certain.
    public var isLocal: Bool { if case .unix = address { true } else { false } }

    public var description: String {
        switch address {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        }
    }

    /// The beginning of request URLs, without a final slash.
    var base: String {
        switch address {
        case .unix(let path): "http+unix://\(Self.escaped(path))"
        case .tcp(let host, let port):
            "\(tls == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }

    /// Percent-encodes everything but letters, digits, `-`, `_` and `.`: one path segment or one query value.
    public static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = Array("0123456789ABCDEF")
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }
}
