import CurfewDesiredState
import CurfewModel
import Foundation
import Glibc

/// The folder that a Compose file lies in. A Compose file may come from anybody: what it names is read in this folder alone,
/// through no symbolic link.
struct ComposeFolder {
    /// Most bytes of any file.
    static let limit = 1 << 20
    /// Absolute.
    let path: String

    /// The folder of a file; `-` stands for standard input, and for the current folder.
    init(of file: String) {
        let url = file == "-" ? URL(filePath: ".") : URL(filePath: file).deletingLastPathComponent()
        path = url.standardizedFileURL.path
    }

    /// The folder's own name.
    var name: String { path.split(separator: "/").last.map(String.init) ?? "compose" }

    /// A file that somebody named on the command line, or `-`.
    static func read(_ file: String) throws(ComposeFileFault) -> [UInt8] {
        if file == "-" { return try bytes(of: dup(STDIN_FILENO), mustBeFile: false) }
        return try bytes(of: open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))
    }

    /// A file that the Compose file names.
    func beside(_ name: String) throws(ComposeFileFault) -> [UInt8] {
        var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.first == "." { parts.removeFirst() }
        let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
        guard isPlain, !parts.isEmpty else { throw ComposeFileFault("only files in the Compose file's own folder are read") }
        var folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for part in parts.dropLast() where folder >= 0 {
            let next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            let reason = errno
            close(folder)
            (folder, errno) = (next, reason)
        }
        guard folder >= 0 else { throw ComposeFileFault(Self.reason()) }
        let file = openat(folder, parts[parts.count - 1], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)
        let reason = errno
        close(folder)
        errno = reason
        return try Self.bytes(of: file)
    }

    /// Whether there is something of this name.
    func has(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }

    private static func reason() -> String {
        errno == ELOOP || errno == ENOTDIR
            ? "it is, or lies behind, a symbolic link or something else than a folder"
            : "it cannot be read (\(String(cString: strerror(errno))))"
    }

    private static func bytes(of descriptor: Int32, mustBeFile: Bool = true) throws(ComposeFileFault) -> [UInt8] {
        guard descriptor >= 0 else { throw ComposeFileFault(reason()) }
        defer { close(descriptor) }
        var details = stat()
        guard fstat(descriptor, &details) == 0, !mustBeFile || details.st_mode & S_IFMT == S_IFREG else {
            throw ComposeFileFault("it is no file")
        }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw ComposeFileFault(reason()) }
            if more == 0 { break }
            count += more
        }
        guard count <= limit else { throw ComposeFileFault("it has more than \(limit) bytes") }
        return Array(bytes[..<count])
    }
}
