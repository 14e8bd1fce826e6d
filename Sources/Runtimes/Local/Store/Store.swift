import CLauncher
import CurfewDrivers
import CurfewModel
import Glibc

/// Unpacked artifacts, each in a folder named by its digest, read-only, never changed. All calls block.
struct Store: Sendable {
    /// Absolute path.
    let folder: String

    /// The most files and folders that an artifact may have.
    static let mostEntries = 100_000

    /// Where the content with that key lies.
    func path(_ key: String) -> String { "\(folder)/\(key)" }
    /// How it looked when it was unpacked.
    func manifest(_ key: String) -> String { "\(folder)/\(key).manifest" }

    /// The folder with that key, when it is there and complete.
    func entry(_ key: String) -> InstanceRecord.StoreEntry? {
        // The manifest is written last: without it the unpacking was cut off.
        guard access(manifest(key), F_OK) == 0, Files.isFolder(path(key)), let identity = Files.identity(path(key)) else {
            return nil
        }
        return InstanceRecord.StoreEntry(key: key, identity: identity)
    }

    /// A fresh folder to unpack into.
    func temporary() throws -> String {
        let path = "\(folder)/.tmp-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try Files.makeFolder(path, for: "unpack artifact")
        return path
    }

    /// Takes what was unpacked into a temporary folder: checks it, makes it read-only and durable, and puts it in place.
    func seal(_ temporary: String, as key: String, limit: ByteCount, for subject: String) throws {
        var bytes: Int64 = 0
        var entries = 0
        var durable: [Descriptor] = []
        try TreeWalk.visit(temporary, for: "unpack artifact") { item in
            entries += 1
            let kind = item.info.st_mode & S_IFMT
            if kind == S_IFREG { bytes += Int64(item.info.st_size) }
            guard entries <= Self.mostEntries, bytes <= limit.value else {
                throw tooLarge(subject, limit)
            }
            guard kind == S_IFREG || kind == S_IFDIR || kind == S_IFLNK else {
                throw DriverError(
                    .badArtifact, operation: "unpack artifact", subject: subject,
                    "it holds something that is no file, folder or symlink: \(String(decoding: item.path, as: UTF8.self).escapingControls)"
                )
            }
            if kind == S_IFLNK { return }
            let executable = kind == S_IFDIR || item.info.st_mode & 0o111 != 0
            // The top stays writable until it is in place: a folder that is not cannot be moved by anybody but root.
            let mode: mode_t = item.path.isEmpty ? 0o755 : executable ? 0o555 : 0o444
            guard fchmodat(item.folder, item.name, mode, 0) == 0 else {
                throw failure("unpack artifact", temporary, errno)
            }
            guard entries <= 64 else { return }
            let number = openat(item.folder, item.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            if number >= 0 { durable.append(Descriptor(owning: number)) }
        }
        let top = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY, for: "unpack artifact")
        if entries > 64 {
            guard curfew_syncfs(top.number) == 0 else { throw failure("unpack artifact", temporary, errno) }
        } else {
            for file in durable where fsync(file.number) != 0 { throw failure("unpack artifact", temporary, errno) }
        }
        // An incomplete one of a killed predecessor is in the way.
        if entry(key) == nil { try Files.remove(path(key), for: "unpack artifact") }
        guard rename(temporary, path(key)) == 0 else { throw failure("unpack artifact", path(key), errno) }
        do {
            guard chmod(path(key), 0o555) == 0 else { throw failure("unpack artifact", path(key), errno) }
            try Files.replace(manifest(key), try StoreManifest.make(path(key)), for: "unpack artifact")
            fsync(top.number)
        } catch {
            try? Files.remove(path(key), for: "unpack artifact")
            throw error
        }
    }

    /// The error for an artifact over its bounds.
    func tooLarge(_ subject: String, _ limit: ByteCount) -> DriverError {
        DriverError(
            .badArtifact, operation: "unpack artifact", subject: subject,
            "it is larger than \(limit) or has more than \(Self.mostEntries) files; raise maxArtifact if that is meant")
    }
}
