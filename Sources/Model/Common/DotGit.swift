/// The spellings that some file system takes for `.git`: written to such a disk, an artifact would become a repository with
/// hooks and settings of its author.
enum DotGit {
    static func isMeant(by name: [UInt8]) -> Bool {
        // Windows takes a backslash for a separator.
        name.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false).contains { part in
            isMeantByNTFS(part) || isMeantByHFS(part)
        }
    }

    /// NTFS knows `.git` as `git~1` too, drops dots and spaces at the end, and names a stream behind a colon.
    private static func isMeantByNTFS(_ name: ArraySlice<UInt8>) -> Bool {
        for spelling in [Array(".git".utf8), Array("git~1".utf8)] where name.count >= spelling.count {
            guard zip(name, spelling).allSatisfy({ lowered($0) == $1 }) else { continue }
            let rest = name.dropFirst(spelling.count).drop { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: " ") }
            if rest.isEmpty || rest.first == UInt8(ascii: ":") { return true }
        }
        return false
    }

    /// HFS+ leaves out code points that nobody sees, and folds case.
    private static func isMeantByHFS(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.contains(where: { $0 >= 0x80 }) else { return false }
        let seen = String(decoding: name, as: UTF8.self).unicodeScalars.filter { !ignored($0.value) }
        return seen.count == 4 && zip(seen, ".git".unicodeScalars).allSatisfy { $0.properties.lowercaseMapping == String($1) }
    }

    private static func ignored(_ code: UInt32) -> Bool {
        switch code {
        case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF, 0xAD: true
        default: false
        }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
