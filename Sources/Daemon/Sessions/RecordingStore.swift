import CurfewModel
import CurfewSystem
import Glibc
import Synchronization

/// The folder of recordings, and how much there may be of them. What cannot be recorded is not begun, or ended; nothing else
/// waits for it: access ends whether or not there is room.
final class RecordingStore: Sendable {
    /// A recording that was removed.
    struct Removed: Sendable {
        var id: String
        var bytes: Int
        var why: String
    }
    private struct State {
        /// Bytes of all files, those being written too; `nil` = not counted yet.
        var total: Int?
        /// Bytes that were taken since the disk was last asked.
        var unasked = 0
    }
    private let folder: String
    private let bounds: RecordingBounds
    private let now: @Sendable () -> Instant
    private let removed: @Sendable (Removed) -> Void
    private let state = Mutex(State())
    /// The disk is asked again after that many bytes.
    private static let interval = 256 << 10
    /// What is left of a disk for others, the journal before all: a twentieth of it, and at most that much.
    private static let mostReserve = 64 << 20

    /// - Parameter removed: called for each recording that was removed; must not wait.
    init(
        folder: String, bounds: RecordingBounds, now: @escaping @Sendable () -> Instant,
        removed: @escaping @Sendable (Removed) -> Void
    ) {
        (self.folder, self.bounds, self.now, self.removed) = (folder, bounds, now, removed)
    }

    /// Makes room for bytes that are about to be written; `false` when there is none. Blocks.
    func take(_ bytes: Int) -> Bool {
        let (isTaken, gone) = state.withLock { state -> (Bool, [Removed]) in
            var total = state.total ?? files().reduce(0) { $0 + $1.bytes }
            var gone: [Removed] = []
            if total + bytes > bounds.maxSize {
                gone += makeRoom(&total, why: "the recordings had reached \(bounds.maxSize >> 20) MiB") {
                    $0 + bytes <= bounds.maxSize
                }
            }
            state.unasked += bytes
            var hasRoom = total + bytes <= bounds.maxSize
            if hasRoom, state.total == nil || state.unasked >= Self.interval {
                state.unasked = 0
                if !hasFreeDisk(bytes) { gone += makeRoom(&total, why: "the disk was full") { _ in hasFreeDisk(bytes) } }
                hasRoom = hasFreeDisk(bytes)
                // A disk without room is asked again at once.
                if !hasRoom { state.unasked = Self.interval }
            }
            state.total = hasRoom ? total + bytes : total
            return (hasRoom, gone)
        }
        for each in gone { removed(each) }
        return isTaken
    }

    /// Removes what is older than it has to be kept, and counts what is there. Blocks.
    func sweep() {
        let gone = state.withLock { state -> [Removed] in
            var (total, gone) = (0, [Removed]())
            let limit = before(bounds.keepFor)
            for file in files() {
                if file.isWhole, file.at < limit, remove(file) {
                    gone.append(Removed(id: file.id, bytes: file.bytes, why: "it was older than \(bounds.keepFor)"))
                } else {
                    total += file.bytes
                }
            }
            if total > bounds.maxSize {
                gone += makeRoom(&total, why: "the recordings had reached \(bounds.maxSize >> 20) MiB") { $0 <= bounds.maxSize }
            }
            (state.total, state.unasked) = (total, Self.interval)
            return gone
        }
        for each in gone { removed(each) }
    }

    private struct File {
        var id: String
        var name: String
        var bytes: Int
        var at: Instant
        var isWhole: Bool
    }

    private func files() -> [File] {
        (PlainFile.names(in: folder) ?? []).compactMap { name in
            let isWhole = name.hasSuffix(".cast")
            guard isWhole || name.hasSuffix(".cast.part") else { return nil }
            var info = stat()
            guard lstat("\(folder)/\(name)", &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
            let at = Instant(milliseconds: Int64(info.st_mtim.tv_sec) * 1000 + Int64(info.st_mtim.tv_nsec) / 1_000_000)
            let id = String(name.dropLast(isWhole ? 5 : 10))
            return File(id: id, name: name, bytes: Int(info.st_size), at: at, isWhole: isWhole)
        }
    }

    /// Removes the oldest whole ones until it is enough. The youngest stay: else whoever is inside could write until nothing of
    /// what others have done is left.
    private func makeRoom(_ total: inout Int, why: String, until isEnough: (Int) -> Bool) -> [Removed] {
        let limit = before(bounds.keepAtLeast)
        var gone: [Removed] = []
        for file in files().filter({ $0.isWhole && $0.at < limit }).sorted(by: { ($0.at, $0.name) < ($1.at, $1.name) }) {
            if isEnough(total) { break }
            guard remove(file) else { continue }
            total -= file.bytes
            gone.append(Removed(id: file.id, bytes: file.bytes, why: why))
        }
        return gone
    }

    private func before(_ span: Span) -> Instant { Instant(milliseconds: now().milliseconds - span.milliseconds) }

    private func remove(_ file: File) -> Bool { unlink("\(folder)/\(file.name)") == 0 }

    private func hasFreeDisk(_ bytes: Int) -> Bool {
        var info = statvfs()
        guard statvfs(folder, &info) == 0 else { return false }
        let size = UInt64(info.f_blocks).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue
        let free = UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue
        return free >= min(UInt64(Self.mostReserve), size / 20) + UInt64(bytes)
    }
}

/// How long recordings are kept, and how much there may be of them.
struct RecordingBounds: Sendable, Hashable {
    /// Older ones are removed.
    var keepFor = Span.seconds(90 * 86_400)
    /// Younger ones are never removed to make room.
    var keepAtLeast = Span.seconds(7 * 86_400)
    /// Most bytes of all together.
    var maxSize = 10 << 30
}
