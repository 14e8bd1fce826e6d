import CurfewJournal
public import CurfewModel
import Foundation
import Glibc

/// A copy of what the state folder holds and nothing else could make anew: the journal, the records of what was given on
/// the backends, wishes of operators, recordings, and who this Curfew is to its engines.
///
/// The mirror, the content store, instances and the edge's files are made again from Git and from what runs. Volumes are
/// data of the workloads and are backed up with their own tools.
public struct Backup: Sendable {
    private let state: StateFolder
    private let hasRecordings: Bool

    /// Of this folder, whether a daemon runs on it or not.
    public init(of state: StateFolder, recordings: Bool = true) { (self.state, hasRecordings) = (state, recordings) }

    /// Writes it to a new file (0600), whole or not at all.
    /// - Throws: ``DaemonError``; with code `refused` when there is such a file and `replacing` is false.
    public func write(to path: String, replacing: Bool, at now: Instant) async throws -> BackupReport {
        guard replacing || access(path, F_OK) != 0 else {
            throw DaemonError(
                .refused, operation: "back up to", subject: path, "the file is there already; name another, or add --force")
        }
        let temporary = "\(path).tmp-\(getpid())"
        unlink(temporary)
        let output = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { throw DaemonError(.storage, operation: "back up to", subject: path, reason(errno)) }
        do {
            defer { close(output) }
            let report = try await write(to: output, named: path, at: now)
            guard fsync(output) == 0 else { throw DaemonError(.storage, operation: "back up to", subject: path, reason(errno)) }
            // A link does not take the place of a file that came meanwhile; a rename does.
            guard (replacing ? rename(temporary, path) : link(temporary, path)) == 0 else {
                throw DaemonError(.storage, operation: "back up to", subject: path, reason(errno))
            }
            unlink(temporary)
            return report
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Writes it to an open descriptor, such as a pipe.
    public func write(to output: Int32, named subject: String, at now: Instant) async throws -> BackupReport {
        let scratch = "\(state.path)/.backup-\(getpid())"
        sweep()
        guard mkdir(scratch, 0o700) == 0 else {
            throw DaemonError(
                .storage, operation: "back up", subject: state.path, "no folder can be made in it: \(reason(errno))")
        }
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        var writer = BackupWriter(to: output, named: subject)
        let paths =
            files(below: "access") + files(below: "control") + keys() + (hasRecordings ? files(below: "recordings") : [])
        for path in paths { _ = try writer.add(path, from: "\(state.path)/\(path)") }
        // The journal last: it then knows of all that the other files say.
        let copy = scratch + "/" + BackupManifest.journal
        let chain = try await Journal.reader(path: state.journal).copy(to: copy)
        guard chain.isSound else {
            throw DaemonError(
                .refused, operation: "back up", subject: state.journal,
                "its chain is broken at event \(chain.brokenAt ?? 0): \(chain.problem ?? "its hash does not fit"); look at it first"
            )
        }
        _ = try writer.add(BackupManifest.journal, from: copy)
        let manifest = BackupManifest(
            at: now, hasRecordings: hasRecordings, events: chain.count, head: chain.head, files: writer.files)
        try writer.finish(manifest)
        return BackupReport(manifest)
    }

    /// Plain files below a folder of the state that belong into a backup, sorted.
    private func files(below top: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: "\(state.path)/\(top)")?.compactMap { $0 as? String } ?? []
        return found.map { top + "/" + $0 }.sorted().filter { path in
            var status = stat()
            return BackupManifest.allows(path) && !path.contains("/.") && lstat("\(state.path)/\(path)", &status) == 0
                && status.st_mode & S_IFMT == S_IFREG
        }
    }

    /// The keys of each runtime. The rest of a runtime's folder is large and made anew, so it is not even listed.
    private func keys() -> [String] {
        let runtimes = (try? FileManager.default.contentsOfDirectory(atPath: state.path + "/runtimes")) ?? []
        return runtimes.sorted().flatMap { name in BackupManifest.keys.map { "runtimes/\(name)/\($0)" } }
            .filter { BackupManifest.allows($0) }
    }

    /// What a killed backup left.
    private func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: state.path)) ?? [] where name.hasPrefix(".backup-") {
            if let process = pid_t(name.dropFirst(8)), process != getpid(), kill(process, 0) == 0 || errno == EPERM { continue }
            try? FileManager.default.removeItem(atPath: "\(state.path)/\(name)")
        }
    }
}
