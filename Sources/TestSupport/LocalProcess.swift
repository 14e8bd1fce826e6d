public import CurfewDrivers
import CurfewModel
import Dispatch
public import Glibc
import Synchronization

/// A local process in a session of its own, as a runtime lets people run them: on a real terminal, or on real pipes.
public final class LocalProcess: EntrySession {
    public let id: String
    public let output: AsyncThrowingStream<EntryOutput, any Error>
    /// Its process id.
    public let process: pid_t
    private let terminal: Int32?
    private let input: Mutex<Int32>
    private let hangs: Bool
    private let code = Mutex<Int32?>(nil)
    private let readers = DispatchGroup()
    private static let newSession: Int16 = 0x80

    /// Starts it.
    /// - Parameters:
    ///   - size: it gets a terminal of this size; `nil` = pipes.
    ///   - hangs: ``end()`` does not come back.
    public init(_ command: [String], terminal size: TerminalSize?, hangs: Bool = false) throws {
        var (theirs, ours): ([Int32], [Int32])
        var number: Int32 = 0
        if let size {
            let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            var locked: Int32 = 0
            // TIOCSPTLCK, TIOCGPTN: glibc hides the functions around them from Swift.
            _ = ioctl(master, 0x4004_5431, &locked)
            _ = ioctl(master, 0x8004_5430, &number)
            var window = winsize(ws_row: UInt16(size.rows), ws_col: UInt16(size.columns), ws_xpixel: 0, ws_ypixel: 0)
            _ = ioctl(master, UInt(TIOCSWINSZ), &window)
            (theirs, ours) = ([], [master])
        } else {
            (theirs, ours) = ([], [])
            for _ in 0..<3 {
                var ends: [Int32] = [0, 0]
                pipe(&ends)
                for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
                theirs.append(ends[theirs.isEmpty ? 0 : 1])
                ours.append(ends[ours.isEmpty ? 1 : 0])
            }
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if size != nil {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/pts/\(number)", O_RDWR, 0)
            posix_spawn_file_actions_adddup2(&actions, 0, 1)
            posix_spawn_file_actions_adddup2(&actions, 0, 2)
        } else {
            for (index, end) in theirs.enumerated() { posix_spawn_file_actions_adddup2(&actions, end, Int32(index)) }
        }
        // The connections of the test itself, which NIO leaves open for children.
        for descriptor in 3..<Int32(1024) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Self.newSession)
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, command[0], &actions, &attributes, &words, environ)
        for end in theirs { close(end) }
        guard result == 0 else {
            for end in ours { close(end) }
            throw DriverError(.failed, operation: "enter", subject: command[0], String(cString: strerror(result)))
        }
        (process, id, self.hangs) = (child, "exec-\(child)", hangs)
        terminal = size == nil ? nil : ours[0]
        input = Mutex(ours[0])
        let (stream, continuation) = AsyncThrowingStream<EntryOutput, any Error>.makeStream()
        output = stream
        let reads = size == nil ? [(ours[1], false), (ours[2], true)] : [(ours[0], false)]
        for (descriptor, isError) in reads {
            DispatchQueue(label: "read").async(group: readers) {
                var buffer = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = read(descriptor, &buffer, buffer.count)
                    guard count > 0 else { break }
                    continuation.yield(isError ? .errors(Array(buffer[..<count])) : .output(Array(buffer[..<count])))
                }
                close(descriptor)
            }
        }
        readers.notify(queue: DispatchQueue(label: "reap")) { [self] in
            var status: Int32 = 0
            waitpid(process, &status, 0)
            code.withLock { $0 = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F }
            continuation.finish()
        }
    }

    /// Whether it runs.
    public var isAlive: Bool { kill(process, 0) == 0 && code.withLock { $0 == nil } }

    public func write(_ bytes: [UInt8]) async throws {
        let descriptor = input.withLock { $0 }
        guard descriptor >= 0, bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count
        else {
            throw DriverError(.failed, operation: "write", subject: id, "it takes no more input")
        }
    }

    public func closeInput() async throws {
        if terminal == nil {
            input.withLock {
                close($0)
                $0 = -1
            }
        } else {
            try await write([4])
        }
    }

    public func resize(_ size: TerminalSize) async throws {
        guard let terminal else { return }
        var window = winsize(ws_row: UInt16(size.rows), ws_col: UInt16(size.columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(terminal, UInt(TIOCSWINSZ), &window)
    }

    public func exitCode() async throws -> Int32? { code.withLock { $0 } }

    public func end() async {
        if hangs { try? await Task.sleep(for: .seconds(60)) }
        guard code.withLock({ $0 == nil }) else { return }
        kill(-process, SIGKILL)
    }
}
