import CurfewDrivers
public import CurfewModel
import Glibc

extension LocalRuntime {
    /// The log files of an instance that exist, oldest first. Works in any process and after the instance has gone.
    public nonisolated func logFiles(_ id: InstanceID) -> [String] { Self.logFiles(id, folder: configuration.folder) }

    /// The rule behind ``logFiles(_:)``: `<folder>/logs/<workload>/<id>.log`, and `.log.1`, `.log.2` … for older ones.
    public static func logFiles(_ id: InstanceID, folder: String) -> [String] {
        let logs = folder + "/logs"
        for workload in ((try? Files.names(in: logs, for: "find logs")) ?? nil) ?? [] {
            let names = ((try? Files.names(in: "\(logs)/\(workload)", for: "find logs")) ?? nil) ?? []
            let older = names.compactMap { name -> (Int, String)? in
                guard name.hasPrefix("\(id).log."), let number = Int(name.dropFirst(id.rawValue.utf8.count + 5)) else {
                    return nil
                }
                return (number, "\(logs)/\(workload)/\(name)")
            }
            let files =
                older.sorted { $0.0 > $1.0 }.map(\.1) + (names.contains("\(id).log") ? ["\(logs)/\(workload)/\(id).log"] : [])
            if !files.isEmpty { return files }
        }
        return []
    }

    nonisolated func logPath(_ workload: Name, _ id: InstanceID) -> String {
        "\(configuration.folder)/logs/\(workload)/\(id).log"
    }

    /// At most 1 MiB from the end is looked at, and a line is cut after 4096 bytes.
    public func logTail(_ id: InstanceID, lines: Int) async throws -> [String] {
        guard lines > 0 else { return [] }
        return try await lanes.run { [self] in
            var found: [String] = []
            for path in logFiles(id).reversed() {
                found = try LogFile.tail(path, bytes: 1 << 20, lines: lines - found.count) + found
                if found.count >= lines { break }
            }
            return found
        }
    }

    /// Rotates every log that is over its limit.
    func rotateLogs() async {
        let (limit, count) = (configuration.logLimit.value, configuration.logFiles)
        try? await lanes.run { [self] in
            for name in try Files.names(in: instances, for: "rotate logs") ?? [] {
                guard let id = InstanceID(name), let record = folder(id).look(name: name).record else { continue }
                try? LogFile.rotate(logPath(record.workload, id), limit: limit, files: count)
            }
        }
    }

    /// Keeps the logs of the last ten instances of a workload that have gone.
    nonisolated func pruneLogs(_ workload: Name) {
        let folder = "\(configuration.folder)/logs/\(workload)"
        let logs = (((try? Files.names(in: folder, for: "prune logs")) ?? nil) ?? []).filter { $0.hasSuffix(".log") }
        let gone = logs.compactMap { name -> (id: InstanceID, time: timespec)? in
            var info = stat()
            guard let id = InstanceID(String(name.dropLast(4))), Files.identity(self.folder(id).path) == nil,
                lstat("\(folder)/\(name)", &info) == 0
            else { return nil }
            return (id, info.st_mtim)
        }
        let oldestFirst = gone.sorted { ($0.time.tv_sec, $0.time.tv_nsec) < ($1.time.tv_sec, $1.time.tv_nsec) }
        for (id, _) in oldestFirst.dropLast(10) {
            for path in logFiles(id) { unlink(path) }
        }
    }
}
