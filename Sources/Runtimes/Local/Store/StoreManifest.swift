import Glibc

/// What a store folder looked like when it was unpacked: for each file its kind, mode, size, times and inode. A changed
/// content changes `ctime`, which nobody can set, so that the bytes need not be read again to notice it.
enum StoreManifest {
    /// The manifest of the folder as it is now.
    static func make(_ folder: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try TreeWalk.visit(folder, for: "check store") { item in
            let info = item.info
            let numbers = [
                UInt64(info.st_mode), info.st_mode & S_IFMT == S_IFDIR ? 0 : UInt64(info.st_size), UInt64(info.st_ino),
                UInt64(bitPattern: Int64(info.st_mtim.tv_sec)), UInt64(bitPattern: Int64(info.st_mtim.tv_nsec)),
                UInt64(bitPattern: Int64(info.st_ctim.tv_sec)), UInt64(bitPattern: Int64(info.st_ctim.tv_nsec)),
            ]
            for number in numbers {
                bytes.append(contentsOf: String(number, radix: 36).utf8)
                bytes.append(UInt8(ascii: " "))
            }
            bytes.append(contentsOf: item.path)
            // No file name holds a NUL.
            bytes.append(0)
        }
        return bytes
    }

    /// What differs, in words, for people; at most three paths are named.
    static func difference(from old: [UInt8], to new: [UInt8]) -> String {
        let (before, after) = (entries(old), entries(new))
        var changes: [String] = []
        for path in Set(before.keys).union(after.keys).sorted() where before[path] != after[path] {
            switch (before[path], after[path]) {
            case (_?, nil): changes.append("file removed: \(path)")
            case (nil, _?): changes.append("file added: \(path)")
            case (let was?, let now?):
                // The folder above a change differs too; what happened below says it better.
                guard was.isFolder != now.isFolder || !now.isFolder else { continue }
                changes.append("file changed: \(path)")
            case (nil, nil): continue
            }
        }
        guard !changes.isEmpty else { return "a folder was changed" }
        let shown = changes.prefix(3).joined(separator: ", ")
        return changes.count > 3 ? "\(shown) and \(changes.count - 3) more" : shown
    }

    private struct Entry: Equatable {
        var numbers: String
        var isFolder: Bool
    }

    private static func entries(_ bytes: [UInt8]) -> [String: Entry] {
        var result: [String: Entry] = [:]
        for line in bytes.split(separator: 0) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 7, omittingEmptySubsequences: false)
            guard fields.count == 8 else { continue }
            let mode = UInt32(String(decoding: fields[0], as: UTF8.self), radix: 36) ?? 0
            let path = String(decoding: fields[7], as: UTF8.self)
            result[path.isEmpty ? "." : path] = Entry(
                numbers: fields[..<7].map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "),
                isFolder: mode & S_IFMT == S_IFDIR)
        }
        return result
    }
}
