import CurfewTestSupport
import Foundation
import Glibc

/// A connection that sends what it likes, when it likes.
final class RawSocket: Sendable {
    let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        (address.sin_family, address.sin_port) = (sa_family_t(AF_INET), in_port_t(port).bigEndian)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw ProgramFailure(command: "connect", output: String(cString: strerror(errno))) }
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Whether all of it was taken; `false` once the other end has hung up or takes no more.
    @discardableResult
    func send(_ text: String) -> Bool { send(bytes: Array(text.utf8)) }

    @discardableResult
    func send(bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// What has come by now, and whether the other end has hung up.
    func read() -> (text: String, isClosed: Bool) {
        var (all, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                all += buffer[..<count]
            } else {
                let isClosed = count == 0 || (errno != EAGAIN && errno != EINTR)
                return (String(decoding: all, as: UTF8.self), isClosed)
            }
        }
    }

    /// Reads until the other end hangs up or `limit` has passed.
    func readToEnd(within limit: Duration) async -> (text: String, isClosed: Bool) {
        var text = ""
        let isClosed = await eventually(within: limit) {
            let (more, end) = read()
            text += more
            return end
        }
        return (text, isClosed)
    }
}
