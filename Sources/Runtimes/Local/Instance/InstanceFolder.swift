import Foundation
import Glibc

/// Where an instance keeps what belongs to it.
///
/// The folder is made under another name and renamed when its record is whole, so that it either is there with a record
/// or is not there. `lock` is held by everything that lives of the instance (it is inherited, and bubblewrap keeps it
/// open), so that a killed daemon leaves nothing in doubt: lock held = something lives.
struct InstanceFolder: Sendable, Hashable {
    /// Absolute path.
    let path: String

    /// ``InstanceRecord``.
    var record: String { path + "/record.json" }
    /// Held by all that lives.
    var lock: String { path + "/lock" }
    /// `<pid> <start time>` of bubblewrap's outer process, which wrote it itself before it was executed.
    var process: String { path + "/process" }
    /// What bubblewrap reports: the sandbox's first process, later the exit code.
    var status: String { path + "/status" }
    /// There when the kernel ended something for want of memory, and that was told in the log.
    var outOfMemory: String { path + "/out-of-memory" }
    /// The writable folder behind the mount with that number.
    func scratch(_ number: Int) -> String { path + "/scratch/\(number)" }

    /// The outer process as recorded, `nil` before it was started.
    var mark: ProcessMark? {
        guard let text = Files.text(process, limit: 256) else { return nil }
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let pid = Int32(fields[0]), let started = UInt64(fields[1]) else { return nil }
        return ProcessMark(pid: pid, started: started)
    }

    /// A number that bubblewrap reported under `key` (`child-pid`, `exit-code`).
    func reported(_ key: String) -> Int32? {
        guard let text = Files.text(status, limit: 64 << 10), let found = text.range(of: "\"\(key)\":") else { return nil }
        return Int32(text[found.upperBound...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "-" })
    }

    /// Whether anything of the instance lives (or is just being started).
    var isHeld: Bool {
        guard let file = try? Descriptor.open(lock, O_RDONLY, for: "look at instance") else { return false }
        return !file.lock(exclusively: false)
    }
}
