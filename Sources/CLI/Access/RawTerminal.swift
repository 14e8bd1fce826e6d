import CurfewDaemon
import Dispatch
import Glibc

/// The person's terminal while every key goes to the other side. ``restore()`` on every way out.
final class RawTerminal {
    private let descriptor: Int32
    private var before = termios()
    private var isRaw = false

    /// `nil` when `descriptor` is no terminal.
    init?(_ descriptor: Int32) {
        self.descriptor = descriptor
        guard isatty(descriptor) == 1, tcgetattr(descriptor, &before) == 0 else { return nil }
    }

    func makeRaw() {
        var raw = before
        cfmakeraw(&raw)
        // Keys that were typed ahead are kept.
        if tcsetattr(descriptor, TCSADRAIN, &raw) == 0 { isRaw = true }
    }

    func restore() {
        guard isRaw else { return }
        isRaw = false
        while tcsetattr(descriptor, TCSADRAIN, &before) != 0, errno == EINTR {}
    }

    /// The size of the terminal that this program has, on whichever descriptor.
    static func size() -> ExecSize? {
        for descriptor in [STDOUT_FILENO, STDIN_FILENO, STDERR_FILENO] {
            var size = winsize()
            let asked = ioctl(descriptor, UInt(TIOCGWINSZ), &size)
            if asked == 0, size.ws_col > 0, size.ws_row > 0 {
                return ExecSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
            }
        }
        return nil
    }

    deinit { restore() }
}

/// Signals as bytes of a pipe, so that one `poll` waits for them too.
final class SignalPipe {
    /// To read from; each byte is a signal's number.
    let descriptor: Int32
    private let writer: Int32
    private let sources: [any DispatchSourceSignal]

    init(_ signals: [Int32]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ExecFailure("no pipe can be made: \(ExecConnection.reason())")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writer) = (ends[0], ends[1])
        let (queue, writer) = (DispatchQueue(label: "curfew.signals"), writer)
        sources = signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                var byte = UInt8(number)
                _ = Glibc.write(writer, &byte, 1)
            }
            source.resume()
            return source
        }
    }

    /// Those that have come.
    func take() -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? buffer[..<count].map { Int32($0) } : []
    }

    deinit {
        for source in sources { source.cancel() }
        close(descriptor)
    }
}
