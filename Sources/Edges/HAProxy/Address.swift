import CurfewModel
import Glibc

/// Literal addresses, as text and for the socket calls.
enum Address {
    /// Whether `text` is a literal IPv4 or IPv6 address (no name, no zone, no port).
    static func isLiteral(_ text: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }

    /// `127.0.0.1:80` or `[::1]:80` or `::1:80` as an endpoint; `nil` for anything else.
    static func endpoint(_ text: some StringProtocol) -> Endpoint? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return isLiteral(host) ? Endpoint(host: host, port: port) : nil
    }

    /// Whether two literals mean one address (`::1` and `0:0:0:0:0:0:0:1`).
    static func same(_ left: Endpoint, _ right: Endpoint) -> Bool {
        left.port == right.port && (left.host == right.host || bytes(left.host) == bytes(right.host))
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        return inet_pton(AF_INET6, text, &six) == 1 ? withUnsafeBytes(of: six) { Array($0) } : nil
    }

    /// Tries to take a TCP port for a moment, by the rules that HAProxy takes it by; the answer is `errno`, 0 = free.
    static func tryBind(_ endpoint: Endpoint) -> Int32 {
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = in_port_t(endpoint.port).bigEndian
        if inet_pton(AF_INET, endpoint.host, &four.sin_addr) == 1 { return tryBind(AF_INET, &four) }
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = in_port_t(endpoint.port).bigEndian
        guard inet_pton(AF_INET6, endpoint.host, &six.sin6_addr) == 1 else { return EINVAL }
        return tryBind(AF_INET6, &six)
    }

    private static func tryBind<Address>(_ family: Int32, _ address: inout Address) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let size = socklen_t(MemoryLayout<Address>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, size) }
        }
        return result == 0 ? 0 : errno
    }
}
