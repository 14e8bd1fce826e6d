import CurfewDrivers
import Dispatch
import Glibc

/// One question over a Unix socket: connect, write a line, read to the end. With a deadline and a limit, since the
/// other side may hang or be somebody else. Blocks: call it on the edge's own queue.
struct RuntimeSocket: Sendable {
    /// At most 107 bytes.
    var path: String
    /// In nanoseconds.
    var timeout: UInt64 = 5_000_000_000
    /// Bytes of an answer; 10,000 servers take about 4 MiB.
    var limit = 16 << 20

    /// The answer to `command`.
    /// - Throws: ``DriverError`` with `unreachable` when nobody answers in time.
    func ask(_ command: String) throws -> String {
        let end = DispatchTime.now().uptimeNanoseconds + timeout
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failed() }
        defer { close(descriptor) }
        try connect(descriptor)
        var rest = Array((command + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 { rest = rest.dropFirst(count) } else { try wait(descriptor, Int16(POLLOUT), end) }
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return String(decoding: answer, as: UTF8.self) }
            if count < 0 {
                try wait(descriptor, Int16(POLLIN), end)
                continue
            }
            answer += buffer[..<count]
            if answer.count > limit { throw failed("the answer is longer than \(limit) bytes") }
        }
    }

    private func connect(_ descriptor: Int32) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw failed("the path is too long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard result == 0 else { throw failed() }
    }

    /// Called after a call that returned -1: waits for the descriptor if that is all there is to do.
    private func wait(_ descriptor: Int32, _ events: Int16, _ end: UInt64) throws {
        guard errno == EAGAIN || errno == EINTR else { throw failed() }
        let now = DispatchTime.now().uptimeNanoseconds
        guard now < end else { throw failed("no answer in time") }
        var one = pollfd(fd: descriptor, events: events, revents: 0)
        _ = poll(&one, 1, Int32((end - now) / 1_000_000) + 1)
    }

    private func failed(_ reason: String? = nil) -> DriverError {
        let code = errno
        return DriverError(.unreachable, operation: "ask haproxy", subject: path, reason ?? String(cString: strerror(code)))
    }
}
