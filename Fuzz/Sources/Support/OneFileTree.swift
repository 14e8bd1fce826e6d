import CurfewModel

/// A repository of one file in one folder.
struct OneFileTree: FileTree {
    let root = OneFileTree.id(1)
    nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer
    private let folder: FileEntry
    private let file: FileEntry
    private static let artifact = FileEntry(name: "index.html", kind: .file, id: id(4))

    init(_ folder: Folder, _ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        switch folder {
        case .manifests: (self.folder, file) = (Self.manifests, FileEntry(name: "w.yaml", kind: .file, id: Self.id(3)))
        case .policies: (self.folder, file) = (Self.policies, FileEntry(name: "p.yaml", kind: .file, id: Self.id(3)))
        case .grants: (self.folder, file) = (Self.grants, FileEntry(name: "night-shift.yaml", kind: .file, id: Self.id(3)))
        }
    }

    enum Folder { case manifests, policies, grants }
    private static let manifests = FileEntry(name: "manifests", kind: .folder, id: id(2))
    private static let policies = FileEntry(name: "policies", kind: .folder, id: id(2))
    private static let grants = FileEntry(name: "grants", kind: .folder, id: id(2))

    func entries(of tree: ObjectID) throws -> [FileEntry] {
        if tree == root { return [folder, FileEntry(name: "site", kind: .folder, id: Self.id(5))] }
        return tree == Self.id(2) ? [file] : tree == Self.id(5) ? [Self.artifact] : []
    }

    func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> BlobRead<Result>
    {
        guard blob == file.id else { return .value(try body(UnsafeRawBufferPointer(start: nil, count: 0))) }
        return bytes.count > limit ? .tooLarge(size: bytes.count) : .value(try body(bytes))
    }

    static func id(_ number: Int) -> ObjectID {
        guard let id = ObjectID(String(repeating: "0", count: 39) + String(number, radix: 16)) else { fatalError("no id") }
        return id
    }
}
