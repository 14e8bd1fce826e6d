import Glibc

/// A socket that listens on an address. Made here and not by NIO: no child of ours may inherit it.
enum ListeningSocket {
    struct Failure: Error, CustomStringConvertible { var description: String }

    /// - Parameter host: a literal IPv4 or IPv6 address.
    static func address(_ host: String, port: Int) throws -> Int32 {
        var (four, six) = (sockaddr_in(), sockaddr_in6())
        let isSix = host.contains(":")
        let socket = try open(isSix ? AF_INET6 : AF_INET)
        return try listening(socket, "\(host):\(port)") {
            var yes: Int32 = 1
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            if isSix {
                setsockopt(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, socklen_t(MemoryLayout<Int32>.size))
                (six.sin6_family, six.sin6_port) = (sa_family_t(AF_INET6), in_port_t(port).bigEndian)
                guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else { return false }
                return withUnsafePointer(to: &six) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
                    }
                }
            }
            (four.sin_family, four.sin_port) = (sa_family_t(AF_INET), in_port_t(port).bigEndian)
            guard inet_pton(AF_INET, host, &four.sin_addr) == 1 else { return false }
            return withUnsafePointer(to: &four) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
    }

    private static func open(_ family: Int32) throws -> Int32 {
        let socket = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { throw Failure(description: String(cString: strerror(errno))) }
        return socket
    }

    private static func listening(_ socket: Int32, _ name: String, _ bind: () -> Bool) throws -> Int32 {
        guard bind(), listen(socket, 256) == 0 else {
            let reason = String(cString: strerror(errno))
            close(socket)
            throw Failure(description: "cannot listen on \(name): \(reason)")
        }
        return socket
    }
}
