import Crypto
import Foundation
import Glibc

/// Writes a backup to a descriptor, member by member, and remembers what was written.
struct BackupWriter: ~Copyable {
    private let output: Int32
    private let subject: String
    private(set) var files: [BackupManifest.File] = []

    init(to output: Int32, named subject: String) { (self.output, self.subject) = (output, subject) }

    /// Adds a file of the disk as it is now. `false` when there is none any more, or it is no plain file.
    mutating func add(_ path: String, from source: String) throws -> Bool {
        let input = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard input >= 0 else {
            if errno == ENOENT || errno == ELOOP || errno == ENXIO { return false }
            throw DaemonError(.storage, operation: "back up", subject: source, reason(errno))
        }
        defer { close(input) }
        var status = stat()
        guard fstat(input, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        let size = Int64(status.st_size)
        try begin(path, size: size, modified: Int64(status.st_mtim.tv_sec))
        var (hash, left) = (SHA256(), size)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while left > 0 {
            let count = read(input, &buffer, Int(min(left, Int64(buffer.count))))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw DaemonError(
                    .storage, operation: "back up", subject: source, "it became shorter while it was read; try again")
            }
            hash.update(data: buffer[..<count])
            try write(buffer[..<count])
            left -= Int64(count)
        }
        try fill(size)
        files.append(.init(path: path, size: size, sha256: hash.finalize().hexadecimalDigits))
        return true
    }

    /// Adds the manifest and the end of the archive.
    consuming func finish(_ manifest: BackupManifest) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = Array(try encoder.encode(manifest))
        try begin(BackupManifest.path, size: Int64(json.count), modified: manifest.at.milliseconds / 1000)
        try write(json[...])
        try fill(Int64(json.count))
        try write([UInt8](repeating: 0, count: 2 * TarHeader.block)[...])
    }

    private func begin(_ path: String, size: Int64, modified: Int64) throws {
        guard let header = TarHeader(path: path, size: size, modified: modified).encoded else {
            throw DaemonError(.refused, operation: "back up", subject: path, "its name or size does not fit into a tar archive")
        }
        try write(header[...])
    }

    /// Zeros up to the next whole block.
    private func fill(_ size: Int64) throws {
        let rest = Int(size % Int64(TarHeader.block))
        if rest > 0 { try write([UInt8](repeating: 0, count: TarHeader.block - rest)[...]) }
    }

    private func write(_ bytes: ArraySlice<UInt8>) throws {
        var bytes = bytes
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw DaemonError(.storage, operation: "write", subject: subject, reason(errno)) }
            bytes = bytes.dropFirst(count)
        }
    }
}
