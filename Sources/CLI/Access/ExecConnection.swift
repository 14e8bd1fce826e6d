import CurfewDaemon
import CurfewModel
import Foundation
import Glibc

/// The client's end of the socket. Blocks: `curfew exec` does nothing else.
final class ExecConnection {
    let descriptor: Int32
    private var reader = ExecFrameReader()

    init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard (1..<MemoryLayout.size(ofValue: address.sun_path)).contains(bytes.count) else {
            throw ExecFailure("\(path.escapingControls): a socket's path has at most 107 bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ExecFailure("no socket can be made: \(Self.reason())") }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let hint =
                switch errno {
                case ENOENT:
                    "no daemon with an access backend of type docker-exec has listened here; name its socket with --socket"
                case ECONNREFUSED: "the daemon does not run"
                case EACCES: "you may not pass through its folder"
                default: Self.reason()
                }
            close(descriptor)
            throw ExecFailure("\(path.escapingControls): \(hint)")
        }
    }

    static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

    /// The daemon's first word.
    func hello() throws -> ExecHello {
        guard let frame = try read(within: 10_000) else { throw ExecFailure("the daemon hangs up") }
        if frame.kind == .end { throw ExecFailure(try frame.json(ExecEnd.self).message.escapingControls) }
        guard frame.kind == .hello else { throw ExecFailure("that is no daemon of Curfew") }
        let hello = try frame.json(ExecHello.self)
        guard hello.version == ExecHello.version else {
            throw ExecFailure("the daemon speaks version \(hello.version) of the protocol, this program \(ExecHello.version)")
        }
        // Only what looks like a challenge is signed.
        guard hello.challenge.utf8.count == 64, hello.challenge.allSatisfy(\.isHexDigit) else {
            throw ExecFailure("the daemon's challenge is none")
        }
        return hello
    }

    /// Sends it whole.
    func send(_ frame: ExecFrame) throws {
        var rest = frame.bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ExecFailure("the daemon hangs up: \(Self.reason())") }
            rest = rest.dropFirst(count)
        }
    }

    /// The next frame that was read already.
    func next() throws -> ExecFrame? { try reader.next() }

    /// Reads what is there; `false` = the daemon has hung up.
    func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return true }
        guard count > 0 else { return false }
        reader.take(buffer[..<count])
        return true
    }

    private func read(within milliseconds: Int32) throws -> ExecFrame? {
        while true {
            if let frame = try reader.next() { return frame }
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&item, 1, milliseconds)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw ExecFailure("the daemon does not answer") }
            guard try fill() else { return nil }
        }
    }

    deinit { close(descriptor) }
}
