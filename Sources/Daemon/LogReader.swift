public import CurfewDesiredState
import CurfewLocalRuntime
import CurfewModel
import Foundation
public import Glibc

/// Reads instances' logs from the state folder, with or without a daemon.
public struct LogReader: Sendable {
    private let folders: [String]

    /// Reads the logs of a configuration's runtimes.
    public init(configuration: ServiceConfiguration) {
        let state = StateFolder(path: configuration.state)
        folders = configuration.runtimes.keys.sorted().map { state.runtime($0) + "/logs" }
    }

    /// The log files of a workload or of one instance, oldest first.
    public func files(of target: String) -> [(instance: String, path: String)] {
        folders.flatMap { folder -> [(instance: String, path: String)] in
            let workloads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return workloads.sorted().flatMap { workload -> [(instance: String, path: String)] in
                let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(workload)")) ?? []
                return names.sorted().filter { $0.hasSuffix(".log") }.map {
                    (String($0.dropLast(4)), "\(folder)/\(workload)/\($0)")
                }
                .filter { workload == target || $0.0 == target }
            }
        }
    }

    /// The lines after `position` (`nil`: the last `lines` of the file) and where the reading ended. At most 1 MiB at a
    /// time; a file that was rotated is read from its beginning.
    public func read(_ path: String, from position: off_t?, lines: Int) -> (lines: [String], end: off_t) {
        let limit: off_t = 1 << 20
        guard let file = FileHandle(forReadingAtPath: path), let size = try? off_t(file.seekToEnd()) else {
            return ([], position ?? 0)
        }
        var start = position ?? max(0, size - limit)
        if start > size { start = 0 }
        guard start < size, (try? file.seek(toOffset: UInt64(start))) != nil, let data = try? file.read(upToCount: Int(limit))
        else {
            return ([], start)
        }
        // A line that is still being written waits for its end.
        guard let end = data.lastIndex(of: 10) else { return ([], start) }
        var text = String(decoding: data[..<end], as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        if position == nil { text = text.suffix(max(0, lines)) }
        return (text, start + off_t(end - data.startIndex) + 1)
    }
}
