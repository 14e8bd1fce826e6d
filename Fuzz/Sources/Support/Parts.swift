import Foundation
import Glibc

/// An input of several parts, each ended by a line `====`: readable in a corpus, and found by a mutation.
func parts(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
    var parts: [[UInt8]] = [[]]
    for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
        if line.elementsEqual("====".utf8) {
            parts.append([])
        } else {
            if !(parts[parts.count - 1].isEmpty) { parts[parts.count - 1].append(10) }
            parts[parts.count - 1].append(contentsOf: line)
        }
    }
    return parts
}

/// A folder in memory that is emptied for each input.
enum Scratch {
    static let path: String = {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let path = "\(parent)/curfew-fuzz-\(getpid())"
        mkdir(path, 0o700)
        atexit { Scratch.remove(Scratch.path) }
        return path
    }()

    /// Makes an empty folder.
    static func folder(_ name: String) -> String {
        let folder = "\(path)/\(name)"
        remove(folder)
        mkdir(folder, 0o700)
        return folder
    }

    /// Writes a file, in place of the one before.
    static func file(_ name: String, _ bytes: [UInt8]) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        expect(descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count, "no scratch file")
        close(descriptor)
        return file
    }

    /// Removes a folder with all that is in it, never following a symlink.
    static func remove(_ path: String) {
        if rmdir(path) != 0, errno != ENOENT { try? FileManager.default.removeItem(atPath: path) }
    }
}
