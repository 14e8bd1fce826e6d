import Foundation
import Glibc

/// Where an instance keeps what belongs to it.
///
/// The folder is made under another name and renamed when its record is whole, so that it either is there with a record
/// or is not there. Everything that lives of the instance holds the lock of ``process`` (it is inherited, and bubblewrap
/// keeps it open), so that a killed daemon leaves nothing in doubt: lock held = something lives.
struct InstanceFolder: Sendable, Hashable {
    /// Absolute path.
    let path: String

    /// ``InstanceRecord``.
    var record: String { path + "/record.json" }
    /// Locked by all that lives. Its first line is `<pid> <start time>` of bubblewrap's outer process, which wrote it
    /// itself before it was executed; then comes what bubblewrap reports: the sandbox's first process, later the exit
    /// code. One file, because making and removing files is what takes longest of a start.
    var process: String { path + "/process" }
    /// There when the kernel ended something for want of memory, and that was told in the log.
    var outOfMemory: String { path + "/out-of-memory" }
    /// The writable folder behind the mount with that number.
    func scratch(_ number: Int) -> String { path + "/scratch/\(number)" }

    /// The outer process as recorded, `nil` before it was started.
    var mark: ProcessMark? {
        guard let line = Files.text(process, limit: 64 << 10)?.split(separator: "\n").first else { return nil }
        let fields = line.split(separator: " ")
        guard fields.count == 2, let pid = Int32(fields[0]), let started = UInt64(fields[1]) else { return nil }
        return ProcessMark(pid: pid, started: started)
    }

    /// A number that bubblewrap reported under `key` (`child-pid`, `exit-code`).
    func reported(_ key: String) -> Int32? {
        guard let text = Files.text(process, limit: 64 << 10), let found = text.range(of: "\"\(key)\":") else { return nil }
        return Int32(text[found.upperBound...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "-" })
    }

    /// Whether anything of the instance lives (or is just being started).
    var isHeld: Bool {
        guard let file = try? Descriptor.open(process, O_RDONLY, for: "look at instance") else { return false }
        return !file.lock(exclusively: false)
    }
}
