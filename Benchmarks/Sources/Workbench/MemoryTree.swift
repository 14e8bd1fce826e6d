public import CurfewModel

/// A revision in memory, so that what is measured is the work on the bytes and not the reading of them.
public final class MemoryTree: FileTree {
    public let root: ObjectID
    private let trees: [ObjectID: [FileEntry]]
    private let blobs: [ObjectID: [UInt8]]

    /// The revision of `files`, in which the workloads named in `versions` have other versions than the first.
    public init(_ files: WorkloadFiles, versions: [Int: Int] = [:]) {
        var trees: [ObjectID: [FileEntry]] = [:]
        var blobs: [ObjectID: [UInt8]] = [:]
        func store(_ entries: [FileEntry]) -> ObjectID {
            let id = Self.id(entries.flatMap { $0.name.bytes + Array($0.id.hex.utf8) })
            trees[id] = entries
            return id
        }
        let bundles = files.bundles.enumerated().map { bundle, folder in
            let entries = files.workloads(ofBundle: bundle).map { number in
                let bytes = Array(files.text(number, version: versions[number] ?? 1).utf8)
                let id = Self.id(bytes)
                blobs[id] = bytes
                return FileEntry(name: FileName(files.fileName(number)), kind: .file, id: id)
            }
            return FileEntry(name: FileName(folder), kind: .folder, id: store(entries))
        }
        root = store([FileEntry(name: "manifests", kind: .folder, id: store(bundles))])
        (self.trees, self.blobs) = (trees, blobs)
    }

    /// All files' bytes.
    public var contents: [[UInt8]] { Array(blobs.values) }

    public func entries(of tree: ObjectID) throws -> [FileEntry] {
        guard let entries = trees[tree] else { throw Missing() }
        return entries
    }

    public func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> BlobRead<Result>
    {
        guard let bytes = blobs[blob] else { throw Missing() }
        guard bytes.count <= limit else { return .tooLarge(size: bytes.count) }
        return .value(try bytes.withUnsafeBytes(body))
    }

    /// An object that is not there.
    public struct Missing: Error {}

    /// 40 digits that differ where the bytes differ; enough for a benchmark, where nobody makes collisions.
    private static func id(_ bytes: some Sequence<UInt8>) -> ObjectID {
        var (first, second) = (UInt64(0xCBF2_9CE4_8422_2325), UInt64(0x9E37_79B9_7F4A_7C15))
        for byte in bytes {
            first = (first ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            second = (second &+ UInt64(byte)) &* 0xBF58_476D_1CE4_E5B9
            second ^= second >> 29
        }
        func digits(_ value: UInt64) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return ObjectID(String((digits(first) + digits(second) + digits(first ^ second)).prefix(40))) ?? zero
    }

    private static let zero: ObjectID = {
        guard let zero = ObjectID(String(repeating: "0", count: 40)) else { preconditionFailure("40 digits are an id") }
        return zero
    }()
}
