import Foundation
import CurfewTestSupport
import Glibc
import Synchronization

/// The program `curfew run`, started so that it can be killed like any process.
final class Daemon: Sendable {
    private let world: World
    private let pid = Mutex<pid_t>(0)

    private let environment: [String: String]

    /// - Parameter environment: what it gets beside this process's own.
    init(world: World, environment: [String: String] = [:]) { (self.world, self.environment) = (world, environment) }

    var process: pid_t { pid.withLock { $0 } }

    func start() throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let log = world.scratch.file("daemon.log")
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words = [world.program, "run", "--config", world.configuration]
        var arguments = words.map { strdup($0) }
        arguments.append(nil)
        defer { arguments.forEach { free($0) } }
        var variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { strdup("\($0)=\($1)") }
        variables.append(nil)
        defer { variables.forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, world.program, &actions, nil, arguments, variables)
        guard code == 0 else { throw ProgramFailure(command: world.program, output: String(cString: strerror(code))) }
        pid.withLock { $0 = child }
    }

    /// Sends a signal that ends it, and waits until it has ended.
    func stop(_ signal: Int32) {
        let child = pid.withLock { pid in
            defer { pid = 0 }
            return pid
        }
        guard child > 0 else { return }
        kill(child, signal)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }

    /// It has been waited for.
    func forget() { pid.withLock { $0 = 0 } }

    /// Wakes it (SIGHUP).
    func wake() { kill(process, SIGHUP) }

    var log: String { (try? String(contentsOfFile: world.scratch.file("daemon.log"), encoding: .utf8)) ?? "" }
}

extension Daemon {
    /// Whether it ends by itself in time, with a signal.
    func hasEnded(within limit: Duration) async -> Bool {
        let child = process
        var status: Int32 = 0
        let isOver = await eventually(within: limit) { waitpid(child, &status, WNOHANG) == child }
        if isOver { forget() }
        return isOver && status & 0x7F != 0
    }
}
