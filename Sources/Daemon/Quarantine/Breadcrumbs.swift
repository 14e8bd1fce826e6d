import CProcess
import CurfewModel
import Foundation
import Glibc

/// What this process has in hand just now, in a file that outlives it: a page mapped into memory, so that noting costs a copy of
/// some bytes and no call into the system. Beside it, how the process before this one ended.
///
/// Layout: 512 bytes of head (8 of name, the number of the signal of a fault, 1 for a clean end), then slots of 512 bytes: 1 when
/// it is in use, the length in two bytes, JSON.
final class Breadcrumbs: @unchecked Sendable {
    /// What was in hand when the process before this one ended.
    struct Remains: Sendable, Equatable {
        var inHand: [Crumb] = []
        /// The signal of the fault that ended it; 0 = it was ended from outside, or ended well.
        var fault: Int32 = 0
    }
    struct Crumb: Hashable, Codable, Sendable {
        var content: ContentKey
        var stage: String
    }

    private static let name = Array("CURFEWB1".utf8)
    private static let slot = 512
    private static let count = 127
    private static let size = slot * (count + 1)
    /// Guarded by whoever owns this (see ``Quarantine``).
    private let base: UnsafeMutableRawPointer
    private let descriptor: Int32
    private var free: [Int] = Array((1...count).reversed())
    private var used: [Crumb: Int] = [:]

    /// Opens the file; `nil` when it cannot be used, on a full disk for one: then nothing is noted.
    init?(path: String) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return nil }
        var info = stat()
        // A file with holes would end the process when it is written to on a full disk.
        guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG,
            posix_fallocate(file, 0, off_t(Self.size)) == 0,
            let base = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
        else {
            close(file)
            return nil
        }
        (self.base, descriptor) = (base, file)
    }

    deinit {
        curfew_note_traps(nil)
        munmap(base, Self.size)
        close(descriptor)
    }

    /// What the process before this one left, and a clean page for this one.
    func begin() -> Remains {
        var remains = Remains()
        if UnsafeRawBufferPointer(start: base, count: 8).elementsEqual(Self.name),
            base.load(fromByteOffset: 9, as: UInt8.self) == 0
        {
            remains.fault = Int32(base.load(fromByteOffset: 8, as: UInt8.self))
            for index in 1...Self.count {
                let place = base + index * Self.slot
                guard place.load(as: UInt8.self) == 1 else { continue }
                let length =
                    Int(place.load(fromByteOffset: 1, as: UInt8.self)) | Int(place.load(fromByteOffset: 2, as: UInt8.self)) << 8
                guard length <= Self.slot - 3 else { continue }
                let data = Data(bytes: place + 3, count: length)
                if let crumb = try? JSONDecoder().decode(Crumb.self, from: data) { remains.inHand.append(crumb) }
            }
        }
        memset(base, 0, Self.size)
        Self.name.withUnsafeBytes { base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: 8) }
        curfew_note_traps((base + 8).assumingMemoryBound(to: UInt8.self))
        return remains
    }

    /// Notes that this is in hand now. More than fit are not noted.
    func set(_ crumb: Crumb) {
        guard used[crumb] == nil, let index = free.popLast() else { return }
        guard let text = try? JSONEncoder().encode(crumb), text.count <= Self.slot - 3 else { return free.append(index) }
        let place = base + index * Self.slot
        text.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { (place + 3).copyMemory(from: start, byteCount: bytes.count) }
        }
        place.storeBytes(of: UInt8(text.count & 0xFF), toByteOffset: 1, as: UInt8.self)
        place.storeBytes(of: UInt8(text.count >> 8), toByteOffset: 2, as: UInt8.self)
        // Last, so that a crumb is whole when it counts.
        place.storeBytes(of: 1, as: UInt8.self)
        used[crumb] = index
    }

    func clear(_ crumb: Crumb) {
        guard let index = used.removeValue(forKey: crumb) else { return }
        (base + index * Self.slot).storeBytes(of: 0, as: UInt8.self)
        free.append(index)
    }

    /// The process ends in order: whatever is in hand is not to blame.
    func end() {
        base.storeBytes(of: 1, toByteOffset: 9, as: UInt8.self)
        curfew_note_traps(nil)
    }
}
