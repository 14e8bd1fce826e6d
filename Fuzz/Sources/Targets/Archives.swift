@testable import CurfewLocalRuntime
import CurfewModel
import Foundation

/// Downloaded artifacts: the first byte says which format, the rest is the archive.
enum ArchivesTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let format: ArchiveFormat = [.tar, .tarGzip, .zip][Int(first) % 3]
        let file = Scratch.file("archive", format == .tar ? withTarSums(Array(bytes.dropFirst())) : Array(bytes.dropFirst()))
        let folder = Scratch.folder("unpacked")
        let unpacker = Unpacker(format: format, subject: "https://example.com/a", limit: ByteCount(1 << 20), entries: 200)
        try? unpacker.unpack(file, into: folder)
        check(folder, folder)
        Scratch.remove(folder)
    }

    /// Nothing but folders, plain files and links that stay inside.
    private static func check(_ folder: String, _ root: String) {
        var size = 0
        for name in FileManager.default.enumerator(atPath: folder).map({ Array($0) }) ?? [] {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard lstat(path, &status) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            expect(kind == S_IFREG || kind == S_IFDIR || kind == S_IFLNK, "an archive made a device")
            expect(status.st_mode & 0o6000 == 0, "an archive made a set-user-id program")
            if kind == S_IFREG { size += Int(status.st_size) }
            if kind == S_IFLNK, let target = realpath(path, nil) {
                expect(String(cString: target).hasPrefix(root), "a symlink leads out")
                free(target)
            }
        }
        expect(size <= 4 << 20, "an archive grew to \(size) bytes")
    }
}
