import CurfewDrivers
import CurfewModel
import Glibc

/// Unpacks a downloaded file, whose digest has been verified, into an empty folder. Blocks.
struct Unpacker: Sendable {
    var format: ArchiveFormat
    /// The artifact, for errors.
    var subject: String
    var limit: ByteCount
    /// The most files and folders.
    var entries = Store.mostEntries

    /// Unpacks `file` into `folder`.
    func unpack(_ file: String, into folder: String) throws {
        let sink = ArchiveSink(root: folder, subject: subject, limit: limit, entries: entries)
        switch format {
        case .zip:
            var reader = try ZipReader(file, into: sink)
            try reader.read()
        case .tar: try unpackTar(file, into: sink, compressed: false)
        case .tarGzip: try unpackTar(file, into: sink, compressed: true)
        case .file(let name):
            // A single file is a program as often as not.
            guard rename(file, "\(folder)/\(name)") == 0, chmod("\(folder)/\(name)", 0o555) == 0 else {
                throw failure("unpack artifact", subject, errno)
            }
        }
    }

    private func unpackTar(_ path: String, into sink: ArchiveSink, compressed: Bool) throws {
        var reader = TarReader(into: sink)
        let file = try Descriptor.open(path, O_RDONLY, for: "unpack artifact")
        guard let inflater = Inflater(.gzip) else { throw sink.bad("there is no memory to unpack it") }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var ended = !compressed
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, for: "unpack artifact", subject) }
            if count == 0 { break }
            try buffer.withUnsafeBytes { buffer in
                var rest = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                guard compressed else { return try reader.consume(rest) }
                while !rest.isEmpty {
                    if ended {
                        // gzip members may follow each other; zeros may fill up the end.
                        if rest.allSatisfy({ $0 == 0 }) { return }
                        guard inflater.reset() else { throw sink.bad("it is broken") }
                        ended = false
                    }
                    guard let result = try inflater.inflate(rest, { try reader.consume($0) }) else {
                        throw sink.bad("it is broken")
                    }
                    ended = result.ended
                    rest = UnsafeRawBufferPointer(rebasing: rest[result.used...])
                }
            }
        }
        guard ended else { throw sink.bad("it is cut off") }
        try reader.finish()
    }
}
