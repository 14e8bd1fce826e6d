import Foundation
import Glibc
import Synchronization

/// A server on the loopback address that talks as the test says, one thread for each connection.
public final class TinyServer: Sendable {
    /// Where it listens.
    public let port: Int
    private let listener: Int32
    private let isOpen = Mutex(true)

    /// - Parameter port: 0 = any that is free.
    public init(port: Int = 0, _ talk: @escaping @Sendable (Connection) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        (address.sin_family, address.sin_addr.s_addr) = (sa_family_t(AF_INET), inet_addr("127.0.0.1"))
        address.sin_port = UInt16(port).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let size = length
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw ProgramFailure(command: "bind", output: String(cString: strerror(errno))) }
        (self.listener, self.port) = (listener, Int(UInt16(bigEndian: address.sin_port)))
        Thread {
            while true {
                let client = accept(listener, nil, nil)
                if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard client >= 0 else {
                    // Here and nowhere else: closed under this thread's feet, the number could be another server's.
                    Glibc.close(listener)
                    return
                }
                Thread {
                    talk(Connection(client))
                    Glibc.close(client)
                }.start()
            }
        }.start()
    }

    /// Listens no more.
    public func close() {
        let wasOpen = isOpen.withLock { open in
            defer { open = false }
            return open
        }
        guard wasOpen else { return }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// One client.
    public final class Connection {
        private let socket: Int32
        private var rest: [UInt8] = []
        fileprivate init(_ socket: Int32) { self.socket = socket }

        /// The next line without its end; `nil` when the client has gone.
        public func line() -> String? {
            while true {
                if let end = rest.firstIndex(of: 10) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    rest.removeFirst(end + 1)
                    return line.hasSuffix("\r") ? String(line.dropLast()) : line
                }
                guard more() else { return nil }
            }
        }

        /// So many bytes; fewer when the client has gone.
        public func bytes(_ count: Int) -> [UInt8] {
            while rest.count < count, more() {}
            defer { rest.removeFirst(min(count, rest.count)) }
            return Array(rest.prefix(count))
        }

        /// Sends a text.
        public func send(_ text: String) {
            let bytes = Array(text.utf8)
            _ = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }

        /// Reads one HTTP request: its headers in lower case, and its body.
        public func request() -> (head: String, headers: [String: String], body: [UInt8])? {
            guard let head = line() else { return nil }
            var headers: [String: String] = [:]
            while let next = line(), !next.isEmpty {
                let parts = next.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
            }
            return (head, headers, bytes(headers["content-length"].flatMap { Int($0) } ?? 0))
        }

        private func more() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = read(socket, &buffer, buffer.count)
            if count > 0 { rest += buffer[..<count] }
            return count > 0
        }
    }
}
