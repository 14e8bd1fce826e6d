import CurfewJournal
public import CurfewModel
import Foundation
import Glibc

/// Puts a backup in the place of what a state folder holds. What is not in a backup (mirror, store, instances, volumes)
/// stays as it is; what is replaced is kept aside.
///
/// All is unpacked and checked beside it first. Then a mark is set and the parts change places by renaming, one after
/// another; a restore that dies before the mark has changed nothing, and one that dies after it is finished by the next
/// restore or the next start of the service.
public struct Restore: Sendable {
    private let state: StateFolder
    private var scratch: String { state.path + "/.restore" }
    private var content: String { scratch + "/content" }
    private var mark: String { scratch + "/ready" }

    /// Into this folder.
    public init(into state: StateFolder) { self.state = state }

    /// Reads a backup from an open descriptor and puts it in place.
    /// - Throws: ``DaemonError``: `locked` while a daemon runs, `refused` for a bad archive, or when there is a journal
    ///   already and `replacing` is false. Nothing has changed then.
    public func read(from input: Int32, named subject: String, replacing: Bool, at now: Instant) async throws -> BackupReport {
        try state.create()
        let lock = try StateLock(state)
        defer { withExtendedLifetime(lock) {} }
        try finish()
        guard replacing || access(state.journal, F_OK) != 0 else {
            throw DaemonError(
                .refused, operation: "restore into", subject: state.path,
                "there is a journal already; add --force to put the backup in its place (what is there is kept aside)")
        }
        try remove(scratch)
        do {
            try FileManager.default.createDirectory(
                atPath: content, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var reader = BackupReader(from: input, named: subject, into: content)
            let manifest = try reader.unpack()
            try await check(manifest, subject)
            for folder in ["access", "control"] + (manifest.hasRecordings ? ["recordings"] : []) {
                try FileManager.default.createDirectory(
                    atPath: content + "/" + folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            let hadState = access(state.journal, F_OK) == 0
            let aside = "before-restore-\(now.milliseconds)"
            try writeState(Data(aside.utf8), to: mark)
            sync()
            try finish()
            return BackupReport(manifest, keptIn: hadState ? state.path + "/" + aside : nil)
        } catch {
            if access(mark, F_OK) != 0 { try? remove(scratch) }
            throw error
        }
    }

    /// Finishes a restore that was cut off after all had been checked; removes what an earlier end left. The caller holds
    /// the folder's lock.
    public func finish() throws {
        guard access(scratch, F_OK) == 0 else { return }
        guard let data = FileManager.default.contents(atPath: mark) else { return try remove(scratch) }
        let aside = "\(state.path)/\(String(decoding: data, as: UTF8.self))"
        try makeFolder(aside)
        // The companions go first: a log that stayed behind would be replayed into the restored database.
        for suffix in ["-wal", "-shm"] where access(content + "/" + BackupManifest.journal, F_OK) == 0 {
            try move(state.journal + suffix, to: aside + "/" + BackupManifest.journal + suffix)
        }
        for part in ["access", "control", "recordings"] + keys() + [BackupManifest.journal] {
            let fresh = content + "/" + part
            guard access(fresh, F_OK) == 0 else { continue }
            try move("\(state.path)/\(part)", to: "\(aside)/\(part)")
            try move(fresh, to: "\(state.path)/\(part)")
        }
        sync()
        try remove(scratch)
        // Nothing was there before.
        rmdir(aside)
    }

    /// The journal has to be sound, as its manifest says, and of a schema that this program knows.
    private func check(_ manifest: BackupManifest, _ subject: String) async throws {
        let path = content + "/" + BackupManifest.journal
        let reader = try Journal.reader(path: path)
        if try await reader.isNewer() {
            throw DaemonError(
                .refused, operation: "restore", subject: subject,
                "its journal was written by a newer Curfew (\(manifest.madeBy.escapingControls)); install that one")
        }
        let chain = try await reader.verify()
        guard chain.isSound, chain.count == manifest.events, chain.head == manifest.head else {
            throw DaemonError(
                .refused, operation: "restore", subject: subject,
                "its journal is not sound: \(chain.problem ?? "it is another one than its manifest says")")
        }
    }

    private func keys() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: content + "/runtimes")) ?? []
        return names.sorted().flatMap { name in BackupManifest.keys.map { "runtimes/\(name)/\($0)" } }
    }

    /// Renames; nothing to rename is no error.
    private func move(_ source: String, to target: String) throws {
        try makeFolder(String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)]))
        guard rename(source, target) == 0 || errno == ENOENT else {
            throw DaemonError(.storage, operation: "restore", subject: target, reason(errno))
        }
    }

    private func makeFolder(_ path: String) throws {
        guard access(path, F_OK) != 0 else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw DaemonError(.storage, operation: "make folder", subject: path, error.localizedDescription) }
    }

    private func remove(_ path: String) throws {
        guard access(path, F_OK) == 0 else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch { throw DaemonError(.storage, operation: "remove", subject: path, error.localizedDescription) }
    }
}
