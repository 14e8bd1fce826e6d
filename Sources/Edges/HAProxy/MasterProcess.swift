import CurfewDrivers
import Dispatch
import Glibc

/// A handle on the master: its end is told by the kernel, and a signal sent through it never hits another process.
final class MasterProcess: Sendable {
    let identity: ProcessIdentity
    private let stop: @Sendable () -> Void

    /// - Throws: ``DriverError`` when it has ended meanwhile, or the kernel has no pidfd (before Linux 5.3).
    init(_ identity: ProcessIdentity, queue: DispatchQueue, ended: @escaping @Sendable () -> Void) throws {
        let descriptor = PidDescriptor.open(identity.pid)
        guard descriptor >= 0 else {
            throw DriverError(
                .failed, operation: "watch haproxy", subject: "pid \(identity.pid)", String(cString: strerror(errno)))
        }
        // Opened by pid, so it is only now certain that it is the one that was looked at.
        guard ProcessIdentity(pid: identity.pid) == identity else {
            close(descriptor)
            throw DriverError(.unreachable, operation: "watch haproxy", subject: "pid \(identity.pid)", "it has just ended")
        }
        self.identity = identity
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        nonisolated(unsafe) let handle = source
        source.setEventHandler {
            // The descriptor stays readable for ever: tell it once.
            handle.cancel()
            ended()
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
        stop = { handle.cancel() }
    }

    deinit { stop() }

    /// Whether it still runs.
    var isAlive: Bool { ProcessIdentity(pid: identity.pid) == identity }

    /// Sends a signal to this very process.
    func signal(_ number: Int32) {
        guard isAlive else { return }
        let own = PidDescriptor.open(identity.pid)
        guard own >= 0 else { return }
        defer { close(own) }
        if isAlive { PidDescriptor.send(own, number) }
    }
}

/// glibc has these since 2.36, but Swift's Glibc module does not show them.
private enum PidDescriptor {
    private typealias Open = @convention(c) (Int32, UInt32) -> Int32
    private typealias Send = @convention(c) (Int32, Int32, UnsafeMutableRawPointer?, UInt32) -> Int32

    static func open(_ pid: Int32) -> Int32 {
        guard let symbol = dlsym(nil, "pidfd_open") else {
            errno = ENOSYS
            return -1
        }
        return unsafeBitCast(symbol, to: Open.self)(pid, 0)
    }

    static func send(_ descriptor: Int32, _ signal: Int32) {
        guard let symbol = dlsym(nil, "pidfd_send_signal") else { return }
        _ = unsafeBitCast(symbol, to: Send.self)(descriptor, signal, nil, 0)
    }
}
