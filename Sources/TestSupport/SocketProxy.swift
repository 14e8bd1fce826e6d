import Foundation
import Glibc
import Synchronization

/// Stands between a client and a server on a Unix socket, and can cut all connections that are open.
public final class SocketProxy: Sendable {
    /// Where clients connect.
    public let path: String
    private let target: String
    private let listener: Int32
    private let open = Mutex<Set<Int32>>([])

    /// Listens at `path` for those who want to go to `target`.
    public init(path: String, target: String) throws {
        (self.path, self.target) = (path, target)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard Self.address(path, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
            throw ProgramFailure(command: "bind \(path)", output: String(cString: strerror(errno)))
        }
        Thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                serve(client)
            }
        }.start()
    }

    /// Cuts every connection; new ones are let through.
    public func cut() { open.withLock { for socket in $0 { shutdown(socket, Int32(SHUT_RDWR)) } } }

    /// Cuts all and listens no more.
    public func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        cut()
        unlink(path)
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard Self.address(target, { connect(server, $0, $1) }) == 0 else {
            Glibc.close(server)
            Glibc.close(client)
            return
        }
        open.withLock { $0.formUnion([client, server]) }
        let half = HalfCount()
        for (from, to) in [(client, server), (server, client)] {
            Thread { [self] in
                var buffer = [UInt8](repeating: 0, count: 65536)
                copying: while true {
                    let count = read(from, &buffer, buffer.count)
                    if count <= 0 { break }
                    var sent = 0
                    while sent < count {
                        let written = buffer[sent..<count].withUnsafeBytes {
                            send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                        }
                        if written <= 0 { break copying }
                        sent += written
                    }
                }
                shutdown(to, Int32(SHUT_WR))
                guard half.isSecond() else { return }
                open.withLock { $0.subtract([client, server]) }
                Glibc.close(client)
                Glibc.close(server)
            }.start()
        }
    }

    private static func address(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}

/// Of the two directions of a connection, which one ends last.
private final class HalfCount: Sendable {
    private let ended = Mutex(0)
    func isSecond() -> Bool {
        ended.withLock {
            $0 += 1
            return $0 == 2
        }
    }
}
