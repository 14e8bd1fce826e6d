import CurfewDockerAPI
import CurfewDrivers
import CurfewModel
import Glibc

/// A person's command inside a container.
final class DockerSession: EntrySession {
    let id: String
    let output: AsyncThrowingStream<EntryOutput, any Error>
    private let connection: ExecConnection
    private let container: String
    private let client: DockerClient

    init(_ connection: ExecConnection, container: String, client: DockerClient) {
        (id, self.connection, self.container, self.client) = (connection.id, connection, container, client)
        // Pulled through: what is not read holds up the command, and fills nobody's memory.
        output = AsyncThrowingStream {
            var source = connection.output.makeAsyncIterator()
            do {
                switch try await source.next() {
                case .output(let bytes)?: return .output(bytes)
                case .errors(let bytes)?: return .errors(bytes)
                case nil: return nil
                }
            } catch { throw DockerRuntime.driverError(error, "read the output of", connection.id) }
        }
    }

    func write(_ bytes: [UInt8]) async throws { try await connection.write(bytes) }
    func closeInput() async throws { try await connection.closeInput() }
    func resize(_ size: TerminalSize) async throws {
        try await client.resizeExec(id, columns: min(max(size.columns, 1), 65535), rows: min(max(size.rows, 1), 65535))
    }

    func exitCode() async throws -> Int32? {
        // The engine notes the end a moment after the output has ended.
        for _ in 0..<50 {
            let state = try await client.exec(id)
            if !(state.Running ?? false) { return state.ExitCode.map { Int32(clamping: $0) } }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    func end() async {
        let pid = try? await client.exec(id)
        await connection.close()
        guard client.endpoint.isLocal, let pid, pid.Running ?? false, let number = pid.Pid, number > 1 else { return }
        ContainerProcess.end(Int32(clamping: number), in: container)
    }
}

/// Processes of a container, seen from the engine's machine.
enum ContainerProcess {
    /// Ends a process of a container and all that it started. Does nothing when the process is not in that container: its
    /// id may have been given to another one.
    static func end(_ pid: Int32, in container: String) {
        guard pid > 1, let groups = text("/proc/\(pid)/cgroup"), groups.contains(container) else { return }
        // Children first noted, then ended from the top: none is missed by being handed to process 1 meanwhile.
        var all = [pid]
        var index = 0
        while index < all.count, all.count < 10_000 {
            for task in names("/proc/\(all[index])/task") {
                let children = text("/proc/\(all[index])/task/\(task)/children") ?? ""
                all += children.split(separator: " ").compactMap { Int32($0) }
            }
            index += 1
        }
        for process in all { kill(process, SIGKILL) }
    }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func names(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.first?.isNumber ?? false { names.append(name) }
        }
        return names
    }
}
