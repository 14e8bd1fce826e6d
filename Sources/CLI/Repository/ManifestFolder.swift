import CurfewModel
import Foundation
import Glibc

/// Writes manifests into a folder: all of them are on disk before the first gets its name.
enum ManifestFolder {
    struct Fault: Error, CustomStringConvertible {
        var description: String
        init(_ path: String, _ message: String) { description = "\(path.escapingControls): \(message)" }
    }

    /// Writes one file for each manifest, `<name>.yaml`, and makes the folder if it is not there.
    /// - Parameter force: takes the place of files that are there.
    /// - Returns: the files, in the order of the manifests.
    /// - Throws: ``Fault``. If a file is there already, nothing has been written.
    static func write(_ manifests: [(name: Name, text: String)], to folder: String, force: Bool) throws -> [String] {
        let root = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL.path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let files = manifests.map { (path: "\(root)/\($0.name).yaml", text: $0.text) }
        if !force, let taken = files.first(where: { isThere($0.path) }) {
            throw Fault(taken.path, "is there already, and nothing has been written; overwrite with --force")
        }
        var fresh: [String] = []
        defer { for path in fresh { unlink(path) } }
        for file in files {
            let path = "\(file.path).\(UUID().uuidString.prefix(8)).new"
            fresh.append(path)
            try write(file.text, to: path)
        }
        for (file, temporary) in zip(files, fresh) {
            // A link does not overwrite what has come in between; a rename does.
            let failed = force ? rename(temporary, file.path) != 0 : link(temporary, file.path) != 0
            if failed { throw Fault(file.path, "cannot be written: \(String(cString: strerror(errno)))") }
        }
        let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
        return files.map(\.path)
    }

    private static func isThere(_ path: String) -> Bool {
        var details = stat()
        return lstat(path, &details) == 0
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw Fault(path, "cannot be written: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Fault(path, "cannot be written: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Fault(path, "cannot be written: \(String(cString: strerror(errno)))") }
    }
}
