public import CurfewModel
import Foundation
import Glibc

/// The service manager that started this process (systemd), told over the datagram socket that it names in `NOTIFY_SOCKET`:
/// when the first round is done, that the loop goes round, what the state is, that the end has begun.
///
/// Nothing is waited for and no failure is told: without a manager, or with one that does not listen, all of it does nothing.
public struct ServiceManager: Sendable {
    /// No manager.
    public static let none = ServiceManager(environment: [:], pid: 0)

    private let socket: String?
    /// The longest time between two rounds of the loop, half of what the manager allows; `nil` when it does not watch.
    public let heartbeat: Span?

    /// Reads `NOTIFY_SOCKET` (a path, or `@` and an abstract name), `WATCHDOG_USEC` and `WATCHDOG_PID`.
    public init(environment: [String: String], pid: Int32) {
        let named = environment["NOTIFY_SOCKET"] ?? ""
        let fits = named.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        socket = fits && (named.hasPrefix("/") || named.hasPrefix("@")) ? named : nil
        let watched = environment["WATCHDOG_PID"].map { $0 == "\(pid)" } ?? true
        let allowed = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        // Under two milliseconds there is no half that a loop could keep to.
        heartbeat = socket != nil && watched && allowed >= 2000 ? .milliseconds(allowed / 2000) : nil
    }

    /// The manager that this process was started by.
    public static var ofThisProcess: ServiceManager {
        ServiceManager(environment: ProcessInfo.processInfo.environment, pid: getpid())
    }

    /// The first round is done: what depends on the service may start.
    func ready() { tell("READY=1") }

    /// The loop has gone round.
    func alive() { if heartbeat != nil { tell("WATCHDOG=1") } }

    /// One line for `systemctl status`.
    func status(_ text: String) { tell("STATUS=" + text.escapingControls) }

    /// The service ends.
    func stopping() { tell("STOPPING=1") }

    private func tell(_ text: String) {
        guard let path = socket else { return }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        // An abstract name begins with a zero byte and ends where its length says.
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sa_family_t>.size + bytes.count + (bytes.first == 0 ? 0 : 1)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL), address, socklen_t(length))
            }
        }
    }
}
