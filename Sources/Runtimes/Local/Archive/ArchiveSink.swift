import CurfewDrivers
import CurfewModel
import Glibc

/// Writes what a hostile archive holds below one folder, and nothing anywhere else.
///
/// Every path is checked as text, files are made with O_EXCL, and symlinks are made last of all: while files are written
/// there is no symlink below the folder that a path could lead through.
struct ArchiveSink {
    private let root: String
    private let subject: String
    private let limit: ByteCount
    private let mostEntries: Int
    private var entries = 0
    private var bytes: Int64 = 0
    private var folders: Set<String> = [""]
    private var files: Set<String> = []
    private var symlinks: [String: String] = [:]

    /// Writes below `root`, an empty folder, at most `limit` bytes in `entries` files and folders. `subject` names the artifact in errors.
    init(root: String, subject: String, limit: ByteCount, entries: Int = Store.mostEntries) {
        (self.root, self.subject, self.limit, mostEntries) = (root, subject, limit, entries)
    }

    /// An error about the archive.
    func bad(_ message: String) -> DriverError {
        DriverError(.badArtifact, operation: "unpack artifact", subject: subject, message)
    }

    /// Makes a folder.
    mutating func folder(_ name: String) throws { try makeFolders(try checked(name)) }

    /// Begins a file; write to what is returned with ``write(_:to:)``.
    mutating func file(_ name: String, executable: Bool) throws -> Descriptor {
        let parts = try checked(name)
        guard !parts.isEmpty else { throw bad("a file has no name") }
        try makeFolders(Array(parts.dropLast()))
        let path = parts.joined(separator: "/")
        guard !folders.contains(path), symlinks[path] == nil, files.insert(path).inserted else {
            throw bad("it holds \(path.escapingControls) twice")
        }
        try count()
        return try Descriptor.open(
            "\(root)/\(path)", O_WRONLY | O_CREAT | O_EXCL, mode: executable ? 0o755 : 0o644, for: "unpack artifact")
    }

    /// Writes a piece of a file.
    mutating func write(_ piece: UnsafeRawBufferPointer, to file: Descriptor) throws {
        bytes += Int64(piece.count)
        guard bytes <= limit.value else { throw tooLarge }
        try file.write(piece, for: "unpack artifact", subject)
    }

    /// Notes a symlink, which is made by ``finish()``. It must stay inside: `..` may stand only in front.
    mutating func symlink(_ name: String, to target: String) throws {
        let parts = try checked(name)
        let path = parts.joined(separator: "/")
        guard !parts.isEmpty, !files.contains(path), !folders.contains(path), symlinks[path] == nil else {
            throw bad("it holds \(path.escapingControls) twice")
        }
        let steps = Self.components(target)
        let up = steps.prefix { $0 == ".." }.count
        guard !target.isEmpty, target.utf8.first != UInt8(ascii: "/"), !target.utf8.contains(0), target.utf8.count < 4096,
            up < parts.count,
            !steps.dropFirst(up).contains("..")
        else { throw bad("the symlink \(path.escapingControls) leads out of it") }
        try makeFolders(Array(parts.dropLast()))
        try count()
        symlinks[path] = target
    }

    /// Makes a second name for a file that came before.
    mutating func hardLink(_ name: String, to target: String) throws {
        let parts = try checked(name)
        let source = try checked(target).joined(separator: "/")
        let path = parts.joined(separator: "/")
        guard files.contains(source), !parts.isEmpty else {
            throw bad("the link \(path.escapingControls) leads to no file before it")
        }
        guard !folders.contains(path), symlinks[path] == nil, files.insert(path).inserted else {
            throw bad("it holds \(path.escapingControls) twice")
        }
        try makeFolders(Array(parts.dropLast()))
        try count()
        guard link("\(root)/\(source)", "\(root)/\(path)") == 0 else { throw failure("unpack artifact", subject, errno) }
    }

    /// Makes the symlinks.
    func finish() throws {
        for (path, target) in symlinks where Glibc.symlink(target, "\(root)/\(path)") != 0 {
            throw failure("unpack artifact", subject, errno)
        }
    }

    private mutating func count() throws {
        entries += 1
        guard entries <= mostEntries else { throw tooLarge }
    }

    private var tooLarge: DriverError {
        bad(
            "unpacked it is larger than \(limit) or has more than \(mostEntries) files; raise maxArtifact if that is meant"
        )
    }

    /// The components of a path, none of which leads anywhere but down.
    private func checked(_ name: String) throws -> [String] {
        guard name.utf8.first != UInt8(ascii: "/"), !name.utf8.contains(0), name.utf8.count < 4096 else {
            throw bad("the path \(String(name.prefix(200)).escapingControls) is not allowed")
        }
        let parts = Self.components(name)
        guard !parts.contains(".."), parts.count < TreeWalk.deepest, parts.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw bad("the path \(String(name.prefix(200)).escapingControls) leads out of it or is too deep")
        }
        return parts
    }

    /// Split at bytes, as the kernel does it: for Swift a slash with a combining accent behind it is another character.
    private static func components(_ path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }.filter { $0 != "." }
    }

    private mutating func makeFolders(_ parts: [String]) throws {
        var path = ""
        for part in parts {
            path += path.isEmpty ? part : "/\(part)"
            if folders.contains(path) { continue }
            guard !files.contains(path), symlinks[path] == nil else {
                throw bad("\(path.escapingControls) is a file and a folder")
            }
            try count()
            guard mkdir("\(root)/\(path)", 0o755) == 0 else { throw failure("unpack artifact", subject, errno) }
            folders.insert(path)
        }
    }
}
