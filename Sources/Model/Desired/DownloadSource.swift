/// Where an archive comes from: scheme, host and port of its address.
public struct DownloadSource: Hashable, Sendable {
    /// `http` or `https`.
    public let scheme: String
    /// In lower case; an IPv6 address without its brackets.
    public let host: String
    /// 1 to 65535; the scheme's own where none is written.
    public let port: Int
    private let isBracketed: Bool

    /// `nil` for anything but an `http` or `https` address with a host and a usable port, or for one that holds credentials.
    public init?(_ url: String) {
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C }), let colon = url.firstIndex(of: ":") else {
            return nil
        }
        scheme = url[..<colon].lowercased()
        guard scheme == "http" || scheme == "https", url[colon...].hasPrefix("://") else { return nil }
        let authority = url[colon...].dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@"), let place = Self.split(authority) else { return nil }
        (host, isBracketed) = (place.host, place.isBracketed)
        guard let port = place.port.map(Self.number) ?? (scheme == "https" ? 443 : 80) else { return nil }
        self.port = port
    }

    /// As it is written in rules: the host, and the port where it is not the scheme's own.
    public var place: String {
        let name = isBracketed ? "[\(host)]" : host
        return port == (scheme == "https" ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Whether a rule names this host, at every port or at this one.
    public func isOf(_ rule: String) -> Bool {
        guard rule != "public", let named = Self.split(rule[...]) else { return false }
        guard named.host == host else { return false }
        return named.port.map { Self.number($0) == port } ?? true
    }

    /// Host and port of `host`, `host:port`, `[address]` and `[address]:port`.
    private static func split(_ text: Substring) -> (host: String, port: Substring?, isBracketed: Bool)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let (host, rest) = (text[..<end].dropFirst(), text[end...].dropFirst())
            guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":") else { return nil }
            return (host.lowercased(), rest.isEmpty ? nil : rest.dropFirst(), true)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2 else { return nil }
        return (host.lowercased(), parts.count == 2 ? parts[1] : nil, false)
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), (1...65535).contains(number)
        else { return nil }
        return number
    }
}
