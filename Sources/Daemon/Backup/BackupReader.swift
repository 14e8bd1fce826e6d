import Crypto
import Foundation
import Glibc

/// Unpacks a backup into an empty folder and compares it with its manifest. The archive is hostile: only plain files with
/// names that a backup may have are taken, each once, and nothing is believed that the manifest does not say as well.
struct BackupReader {
    private let input: Int32
    private let subject: String
    private let folder: String
    private var found: [String: BackupManifest.File] = [:]

    init(from input: Int32, named subject: String, into folder: String) {
        (self.input, self.subject, self.folder) = (input, subject, folder)
    }

    /// Unpacks all of it.
    /// - Throws: ``DaemonError`` with code `refused` that says what is wrong with it.
    mutating func unpack() throws -> BackupManifest {
        while true {
            let block = try take(TarHeader.block)
            if block.allSatisfy({ $0 == 0 }) {
                throw refusal("it ends without its manifest: it was cut off, or is no backup of Curfew")
            }
            guard let header = TarHeader(block) else { throw refusal("it is no backup of Curfew, or it is damaged") }
            if header.path == BackupManifest.path { return try compare(try manifest(header)) }
            guard BackupManifest.allows(header.path) else {
                throw refusal("it holds '\(String(header.path.prefix(200)).escapingControls)', which no backup of Curfew holds")
            }
            guard found[header.path] == nil else { throw refusal("it holds \(header.path) twice") }
            found[header.path] = try save(header)
        }
    }

    private func manifest(_ header: TarHeader) throws -> BackupManifest {
        guard header.size <= BackupManifest.mostSize else { throw refusal("its manifest is larger than any") }
        let json = Data(try take(Int(header.size)))
        struct Format: Decodable { var format: Int }
        guard let format = try? JSONDecoder().decode(Format.self, from: json) else {
            throw refusal("its manifest cannot be read")
        }
        guard format.format == 1 else {
            throw refusal("it is of format \(format.format), and this Curfew knows format 1; use the one that made it")
        }
        guard let manifest = try? JSONDecoder().decode(BackupManifest.self, from: json) else {
            throw refusal("its manifest cannot be read")
        }
        return manifest
    }

    private func compare(_ manifest: BackupManifest) throws -> BackupManifest {
        guard manifest.files.count == found.count else { throw refusal("it holds other files than its manifest says") }
        for file in manifest.files {
            guard let there = found[file.path] else { throw refusal("\(file.path.escapingControls) is missing") }
            guard there == file else { throw refusal("\(file.path.escapingControls) is not what was backed up") }
        }
        guard found[BackupManifest.journal] != nil else { throw refusal("it holds no journal") }
        return manifest
    }

    private func save(_ header: TarHeader) throws -> BackupManifest.File {
        let target = "\(folder)/\(header.path)"
        let parent = String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)])
        try FileManager.default.createDirectory(
            atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { throw DaemonError(.storage, operation: "restore", subject: target, reason(errno)) }
        defer { close(output) }
        var (hash, left) = (SHA256(), header.size)
        while left > 0 {
            let bytes = try take(Int(min(left, 1 << 16)))
            hash.update(data: bytes)
            let count = bytes.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
            guard count == bytes.count else {
                throw DaemonError(
                    .storage, operation: "restore", subject: target, count < 0 ? reason(errno) : "the disk is full")
            }
            left -= Int64(count)
        }
        let rest = Int(header.size % Int64(TarHeader.block))
        if rest > 0 { _ = try take(TarHeader.block - rest) }
        guard fsync(output) == 0 else { throw DaemonError(.storage, operation: "restore", subject: target, reason(errno)) }
        return .init(path: header.path, size: header.size, sha256: hash.finalize().hexadecimalDigits)
    }

    /// Exactly that many bytes.
    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(count, 1 << 16))
        var buffer = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 16))
        while bytes.count < count {
            let got = read(input, &buffer, min(buffer.count, count - bytes.count))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw DaemonError(.storage, operation: "read", subject: subject, reason(errno)) }
            guard got > 0 else { throw refusal("it ends in the middle: it was cut off, or is no backup of Curfew") }
            bytes += buffer[..<got]
        }
        return bytes
    }

    private func refusal(_ message: String) -> DaemonError {
        DaemonError(.refused, operation: "restore", subject: subject, message)
    }
}
