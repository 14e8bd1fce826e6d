import Crypto
import CurfewModel
import Glibc

/// Why a session cannot be recorded any more, so that it has to end.
struct RecordingError: Error, CustomStringConvertible {
    let description: String
}

/// What a session looked like: an asciicast that grows while it goes on. What cannot be written must not be seen or typed, so
/// whoever uses this records first and hands on afterwards.
actor Recording {
    private nonisolated let executor = SerialQueueExecutor(label: "curfew.recording")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What a recording is, once it is whole.
    struct Finished: Sendable {
        /// SHA-256 of the file, 64 hexadecimal digits.
        var digest: String
        /// Of the file.
        var bytes: Int
    }
    /// Largest file; a session that needs more is cut.
    static let limit = 64 << 20
    private static let syncEvery = Duration.seconds(3)

    nonisolated let id: String
    private let folder: String
    private let limit: Int
    private let store: RecordingStore?
    private var file: Int32 = -1
    private var began = ContinuousClock.now
    private var synced = ContinuousClock.now
    private var hash = SHA256()
    /// Whole lines that are written.
    private var size = 0
    private var chunks: [Character: UTF8Chunks] = [:]
    private var failure: RecordingError?

    /// - Parameter store: says whether there is room for more.
    init(id: String, folder: String, limit: Int = Recording.limit, store: RecordingStore? = nil) {
        (self.id, self.folder, self.limit, self.store) = (id, folder, limit, store)
    }

    private var path: String { "\(folder)/\(id).cast" }

    /// Makes the file. On disk when this returns.
    func begin(_ header: CastText.Header) throws {
        file = open(path + ".part", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw fail("cannot be made") }
        try write(CastText.header(header))
        try sync()
        Self.sync(folder: folder)
        began = .now
    }

    /// What the person sees: standard output and standard error alike.
    func output(_ bytes: [UInt8], isError: Bool = false) throws { try take(bytes, isError ? "e" : "o") }

    /// What the person typed.
    func input(_ bytes: [UInt8]) throws { try take(bytes, "i") }

    func resize(_ size: ExecSize) throws { try event("r", "\(size.columns)x\(size.rows)") }

    /// Ends the file and gives it its name. Can be called after a failure: what was written until then is kept.
    func finish() throws -> Finished {
        for stream in chunks.keys.sorted() {
            let text = chunks[stream]?.end() ?? ""
            if !text.isEmpty, failure == nil { try? event(stream == "e" ? "o" : stream, text) }
        }
        guard file >= 0 else { throw failure ?? RecordingError(description: "it was not begun") }
        let isSynced = fsync(file) == 0
        close(file)
        file = -1
        guard rename(path + ".part", path) == 0 else { throw fail("cannot be renamed") }
        Self.sync(folder: folder)
        guard isSynced || failure != nil else { throw fail("cannot be put on disk") }
        return Finished(
            digest: hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(), bytes: size)
    }

    private func take(_ bytes: [UInt8], _ stream: Character) throws {
        let text = chunks[stream, default: UTF8Chunks()].text(of: bytes)
        if !text.isEmpty { try event(stream == "e" ? "o" : stream, text) }
    }

    private func event(_ code: Character, _ text: String) throws {
        try write(CastText.event(ContinuousClock.now - began, code, text))
        if ContinuousClock.now - synced > Self.syncEvery { try sync() }
    }

    /// A whole line, or nothing of it.
    private func write(_ line: String) throws {
        if let failure { throw failure }
        let bytes = Array(line.utf8)
        guard size + bytes.count <= limit else {
            throw fail("has reached its \(limit >> 20) MiB", code: nil)
        }
        guard store?.take(bytes.count) ?? true else {
            throw fail("has no room: the disk is full, or recordings.maxSize is reached", code: nil)
        }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = fail("cannot be written")
                ftruncate(file, off_t(size))
                throw failure
            }
            done += count
        }
        size += bytes.count
        hash.update(data: bytes)
    }

    private func sync() throws {
        guard fsync(file) == 0 else { throw fail("cannot be put on disk") }
        synced = .now
    }

    private func fail(_ what: String, code: Int32? = errno) -> RecordingError {
        let error = RecordingError(description: "the recording \(what)\(code.map { ": \(reason($0))" } ?? "")")
        failure = failure ?? error
        return error
    }

    /// Makes renames in a folder outlive a power cut.
    static func sync(folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    deinit { if file >= 0 { close(file) } }
}
