internal import CProcess
import Glibc

/// A file in memory without a name, for what another program reads or writes. No pipe: nobody has to read or write at the same
/// time, nobody gets SIGPIPE, and a grandchild that keeps it open holds nobody up.
final class MemoryFile {
    let descriptor: Int32

    /// - Parameter limit: most bytes that can ever be written; `nil` = it is written here.
    init(limit: Int? = nil) throws(SystemError) {
        descriptor = curfew_memory_file("curfew", off_t(limit ?? 0))
        guard descriptor >= 0 else { throw .last("make", "a file in memory") }
    }

    /// Holds these bytes, to be read from their beginning.
    convenience init(_ bytes: [UInt8]) throws(SystemError) {
        try self.init()
        let failure = AtomicFile.fill(descriptor, bytes)
        guard failure == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw .last("write", "a file in memory", failure) }
    }

    /// What has been written up to the position that its writers share.
    func written() throws(SystemError) -> [UInt8] {
        let size = Int(lseek(descriptor, 0, SEEK_CUR))
        guard size >= 0 else { throw .last("read", "a file in memory") }
        var done = 0
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            while done < size {
                let count = pread(descriptor, buffer.baseAddress?.advanced(by: done), size - done, off_t(done))
                if count < 0, errno == EINTR { continue }
                if count < 0 { failure = errno }
                if count <= 0 { break }
                done += count
            }
            filled = done
        }
        if failure != 0 { throw .last("read", "a file in memory", failure) }
        return bytes
    }

    deinit { close(descriptor) }
}
