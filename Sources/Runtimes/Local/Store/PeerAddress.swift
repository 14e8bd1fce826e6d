import CurfewDrivers
import CurfewModel
import Glibc

/// Looks up where a host is, and whether it may be spoken to.
enum PeerAddress {
    /// Most addresses of one host that are tried.
    private static let most = 4

    /// The literal addresses of a host, in the order in which they are to be tried. Blocks.
    /// - Parameter allowed: hosts that may be at any address, and `public` for every host at a public one.
    /// - Throws: ``DriverError`` `unreachable` when the name leads nowhere, `badArtifact` when it may not be spoken to.
    static func find(_ source: DownloadSource, allowed: [String], subject: String) throws -> [String] {
        func failure(_ code: DriverError.Code, _ message: String) -> DriverError {
            DriverError(code, operation: "download artifact", subject: subject, message)
        }
        let isNamed = allowed.contains { source.isOf($0) }
        guard isNamed || allowed.contains("public") else {
            throw failure(
                .badArtifact,
                "host \(source.place) is not allowed; name it in 'downloads' under 'allow' in the service's configuration")
        }
        let found = lookUp(source)
        guard !found.isEmpty else { throw failure(.unreachable, "host \(source.host.escapingControls) cannot be found") }
        // All of them: a name with a public address and a private one is meant to get through.
        if !isNamed, let inner = found.first(where: { !$0.address.isPublic }) {
            throw failure(
                .badArtifact,
                "host \(source.place) is at \(inner.text), which is no public address; to allow it, name it in 'downloads' under 'allow' in the service's configuration: downloads: [public, \"\(source.place)\"]"
            )
        }
        return found.prefix(most).map(\.text)
    }

    private static func lookUp(_ source: DownloadSource) -> [(address: NetworkAddress, text: String)] {
        var hints = addrinfo()
        (hints.ai_family, hints.ai_socktype) = (AF_UNSPEC, Int32(SOCK_STREAM.rawValue))
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(source.host, String(source.port), &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var result: [(address: NetworkAddress, text: String)] = []
        var entry = list
        while let current = entry?.pointee {
            if let found = read(current), !result.contains(where: { $0.text == found.text }) { result.append(found) }
            entry = current.ai_next
        }
        return result
    }

    private static func read(_ entry: addrinfo) -> (address: NetworkAddress, text: String)? {
        guard let raw = UnsafeRawPointer(entry.ai_addr) else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let bytes: [UInt8]
        switch entry.ai_family {
        case AF_INET:
            var address = raw.loadUnaligned(as: sockaddr_in.self).sin_addr
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
            bytes = withUnsafeBytes(of: &address) { Array($0) }
        case AF_INET6:
            var address = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
            bytes = withUnsafeBytes(of: &address) { Array($0) }
        default: return nil
        }
        guard let address = NetworkAddress(bytes) else { return nil }
        let words = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return (address, String(decoding: words, as: UTF8.self))
    }
}
