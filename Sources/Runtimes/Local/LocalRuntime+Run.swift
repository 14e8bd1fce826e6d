import CProcess
import CurfewDrivers
public import CurfewModel
import Glibc

extension LocalRuntime {
    /// A probe runs in a sandbox of its own that is equal to the instance's and in the same control group. It ends with
    /// this process. Its output is thrown away. An ending by a signal is 128 + the signal.
    /// - Throws: ``DriverError`` `unreachable` when it was not done after `timeout` (and was ended).
    public func run(_ command: [String], beside id: InstanceID, timeout: Span) async throws -> Int32 {
        try LocalRuntime.check(command: command, id)
        let folder = folder(id)
        guard let record = try await lanes.run({ folder.look(name: id.rawValue).record }) else {
            throw DriverError(.noInstance, operation: "run probe", subject: id.rawValue, "there is no such instance")
        }
        var values = ["HOST": "127.0.0.1"]
        for (key, value) in record.environment where key == "PORT" || key.hasPrefix("PORT_") { values[key] = value }
        var sandbox = sandbox(record)
        sandbox.diesWithParent = true
        let launch = Launch(
            program: configuration.bubblewrap,
            arguments: sandbox.arguments(running: command.map { Placeholders.replaced($0, values) }),
            options: sandbox.options(lock: false, status: false), descriptors: [], output: nil, groups: groups.join(id),
            record: nil)
        // It dies with the thread that starts it, so that thread has to be one that lives as long as we do.
        let watcher = watcher
        let (pid, process) = try await withCheckedThrowingContinuation { continuation in
            watcher.perform {
                continuation.resume(
                    with: Result {
                        let pid = try launch.start(for: "run probe", id.rawValue)
                        return (pid, Descriptor(owning: curfew_pidfd_open(pid)))
                    })
            }
        }
        let isDone = await watcher.exit(of: process, within: timeout.duration)
        if !isDone {
            _ = curfew_pidfd_kill(process.number, SIGKILL)
            _ = await watcher.exit(of: process, within: .seconds(10))
        }
        let status = try await lanes.run {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            return status
        }
        guard isDone else {
            throw DriverError(
                .unreachable, operation: "run probe", subject: id.rawValue,
                "\(command[0].escapingControls) was not done after \(timeout)")
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
