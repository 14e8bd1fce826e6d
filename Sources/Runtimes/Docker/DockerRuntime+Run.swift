import CurfewContainers
import CurfewDockerAPI
public import CurfewDrivers
public import CurfewModel

extension DockerRuntime {
    /// A probe runs inside the container itself. One that takes too long is ended where the engine runs on this machine.
    public func run(_ command: [String], beside id: InstanceID, timeout: Span) async throws -> Int32 {
        guard let container = written[id]?.object else {
            throw DriverError(.noInstance, operation: "run probe", subject: id.rawValue, "there is no such instance")
        }
        let values = known[container]?.summary.Labels.flatMap { ContainerMark(labels: $0)?.placeholders } ?? [:]
        let words = command.map { Placeholders.replaced($0, values) }
        return try await translating("run probe", id.rawValue) {
            let exec = try await prepareExec(ExecConfig(words), in: container)
            let isDone = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask { [client] in
                    try await client.startExec(exec)
                    return true
                }
                group.addTask {
                    try await Task.sleep(for: timeout.duration)
                    return false
                }
                defer { group.cancelAll() }
                return try await group.next() ?? false
            }
            let state = try await client.exec(exec)
            guard isDone else {
                if client.endpoint.isLocal, let pid = state.Pid { ContainerProcess.end(Int32(clamping: pid), in: container) }
                throw DockerError(.timedOut, "run probe", "\(words.first ?? "") was not done after \(timeout)")
            }
            return Int32(clamping: state.ExitCode ?? 1)
        }
    }

    /// Prepares a command of our own, so that its events are not taken for an entry.
    func prepareExec(_ config: ExecConfig, in container: String) async throws -> String {
        let id = try await client.createExec(in: container, config)
        ours.insert(id)
        return id
    }

    public func enter(_ id: InstanceID, command: [String], terminal: TerminalSize?) async throws -> any EntrySession {
        guard let container = written[id]?.object else {
            throw DriverError(.noInstance, operation: "enter", subject: id.rawValue, "there is no such instance")
        }
        return try await translating("enter", id.rawValue) {
            var config = ExecConfig(command)
            (config.AttachStdin, config.Tty) = (true, terminal != nil)
            if terminal != nil { config.Env = ["TERM=xterm"] }
            let exec = try await prepareExec(config, in: container)
            let connection = try await ExecConnection.open(exec, terminal: terminal != nil, with: client)
            let session = DockerSession(connection, container: container, client: client)
            if let terminal { try? await session.resize(terminal) }
            return session
        }
    }
}
