@testable import CurfewDaemon
import Foundation
import Glibc

/// A backup that somebody hands to `curfew restore`.
enum BackupTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let file = Scratch.file("backup", withTarSums(Array(bytes)))
        let input = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(input) }
        let folder = Scratch.folder("content")
        var reader = BackupReader(from: input, named: "a backup", into: folder)
        _ = try? reader.unpack()
        Scratch.remove(folder)
        if bytes.count >= TarHeader.block, let header = TarHeader(Array(bytes.prefix(TarHeader.block))),
            BackupManifest.allows(header.path)
        {
            expect(TarHeader(header.encoded ?? []) == header, "a header that reads as another one")
        }
    }
}
