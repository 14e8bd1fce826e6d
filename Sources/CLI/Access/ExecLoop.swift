import CurfewDaemon
import CurfewModel
import Glibc

/// What goes between the person and the session until it is over: one loop, one thread. It never waits for the daemon to take
/// input while the daemon waits for it to take output.
final class ExecLoop {
    private let connection: ExecConnection
    private let terminal: RawTerminal?
    private let hasTerminal: Bool
    private let signals: SignalPipe
    private var outgoing: [UInt8] = []
    private var takesInput = false
    private var end: ExecEnd?
    private static let leaving: [Int32] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]

    init(_ connection: ExecConnection, hasTerminal: Bool) throws {
        (self.connection, self.hasTerminal) = (connection, hasTerminal)
        terminal = hasTerminal ? RawTerminal(STDIN_FILENO) : nil
        signals = try SignalPipe(Self.leaving + [SIGWINCH])
        let flags = fcntl(connection.descriptor, F_GETFL)
        _ = fcntl(connection.descriptor, F_SETFL, flags | O_NONBLOCK)
    }

    /// Returns the exit code.
    func run() throws -> Int32 {
        defer { terminal?.restore() }
        while true {
            while let frame = try connection.next() {
                guard try show(frame) else { return 1 }
                if let end { return finish(end) }
            }
            var items = [
                pollfd(fd: connection.descriptor, events: Int16(POLLIN | (outgoing.isEmpty ? 0 : POLLOUT)), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                // Not asked for while what was typed has not been taken.
                pollfd(fd: takesInput && outgoing.isEmpty ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&items, nfds_t(items.count), -1) < 0 {
                if errno == EINTR { continue }
                throw ExecFailure("poll: \(ExecConnection.reason())")
            }
            if items[1].revents != 0 {
                for number in signals.take() {
                    if number != SIGWINCH { return 128 + number }
                    try resize()
                }
            }
            if items[0].revents & Int16(POLLOUT) != 0 { try push() }
            if items[0].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, try !connection.fill() {
                throw ExecFailure("the connection to the daemon is lost")
            }
            if items[2].revents != 0 { try readInput() }
        }
    }

    /// `false` = nobody reads what is shown any more.
    private func show(_ frame: ExecFrame) throws -> Bool {
        switch frame.kind {
        case .accepted:
            let accepted = try frame.json(ExecAccepted.self)
            if isatty(STDERR_FILENO) == 1 {
                let what = accepted.recordsInput ? "what you see and type" : "what you see"
                say("in \(accepted.instance) until \(accepted.end.text); \(what) is recorded as \(accepted.recording)")
            }
            terminal?.makeRaw()
            takesInput = true
            if hasTerminal { try resize() }
        case .output: return write(frame.payload, to: STDOUT_FILENO)
        case .errors: return write(frame.payload, to: STDERR_FILENO)
        case .notice: say(try frame.json(ExecNotice.self).text)
        case .end: end = try frame.json(ExecEnd.self)
        default: throw ExecFailure("the daemon sends what only a client sends")
        }
        return true
    }

    private func finish(_ end: ExecEnd) -> Int32 {
        terminal?.restore()
        if !end.message.isEmpty { say(end.message) }
        switch end.reason {
        case .exited: return end.code ?? 255
        case .refused, .notBegun: return 126
        case .notFound: return 127
        default: return 255
        }
    }

    /// A line of Curfew's own; from the daemon, so escaped.
    private func say(_ text: String) {
        let newline = takesInput && terminal != nil ? "\r\n" : "\n"
        _ = write(Array("\(newline == "\n" ? "" : newline)curfew: \(text.escapingControls)\(newline)".utf8), to: STDERR_FILENO)
    }

    private func readInput() throws {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        if count > 0 {
            outgoing += ExecFrame(.input, Array(buffer[..<count])).bytes
        } else {
            takesInput = false
            outgoing += ExecFrame(.closeInput).bytes
        }
        try push()
    }

    private func resize() throws {
        guard hasTerminal, takesInput, let size = RawTerminal.size() else { return }
        outgoing += try ExecFrame(.resize, json: size).bytes
        try push()
    }

    private func push() throws {
        while !outgoing.isEmpty {
            let count = outgoing.withUnsafeBytes {
                Glibc.send(connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            // What the daemon still has to say is read first; then it shows that it has gone.
            guard count > 0 else { return outgoing.removeAll() }
            outgoing.removeFirst(count)
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&item, 1, 1000)
                continue
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
