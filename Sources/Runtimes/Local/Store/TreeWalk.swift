import CurfewDrivers
import Glibc

/// Visits everything below a folder without following a symlink, in an order that depends on the names alone.
enum TreeWalk {
    /// One thing that was found.
    struct Item {
        /// Path below the top as the bytes that it is; empty for the top itself.
        var path: [UInt8]
        var info: stat
        /// The folder that it is in, and its name there.
        var folder: Int32
        var name: [CChar]
    }

    /// Folders nested deeper than this are reported as an error.
    static let deepest = 200

    /// Calls `body` for the top and for each thing below it, a folder before what is in it.
    static func visit(_ top: String, for operation: String, _ body: (Item) throws -> Void) throws {
        let folder = try Descriptor.open(top, O_RDONLY | O_DIRECTORY, for: operation)
        var info = stat()
        guard fstat(folder.number, &info) == 0 else { throw failure(operation, top, errno) }
        try body(Item(path: [], info: info, folder: folder.number, name: [46, 0]))
        try visit(folder, [], top, operation, 0, body)
    }

    private static func visit(
        _ folder: Descriptor, _ path: [UInt8], _ top: String, _ operation: String, _ depth: Int, _ body: (Item) throws -> Void
    ) throws {
        guard depth < deepest else {
            throw DriverError(.badArtifact, operation: operation, subject: top, "folders are nested deeper than \(deepest)")
        }
        let names = try Files.rawNames(in: folder, top, for: operation).sorted { $0.lexicographicallyPrecedes($1) }
        for name in names {
            var info = stat()
            guard fstatat(folder.number, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { throw failure(operation, top, errno) }
            let below = path + (path.isEmpty ? [] : [UInt8(ascii: "/")]) + name.dropLast().map { UInt8(bitPattern: $0) }
            try body(Item(path: below, info: info, folder: folder.number, name: name))
            guard info.st_mode & S_IFMT == S_IFDIR else { continue }
            let number = openat(folder.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard number >= 0 else { throw failure(operation, top, errno) }
            try visit(Descriptor(owning: number), below, top, operation, depth + 1, body)
        }
    }
}
