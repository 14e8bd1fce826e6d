internal import CLibGit2
public import CurfewModel
internal import CurfewSystem
import Glibc
import Synchronization

/// A plain folder, for `curfew validate PATH`.
///
/// Ids here stand for paths, not for content: they are good for one reading of the folder and for nothing else. Symlinks
/// are reported as what they are and never followed; `.git` is left out.
public final class FolderTree: FileTree {
    public let root: ObjectID
    /// Where each id lies: paths of this machine, bytes.
    private let paths: Mutex<[ObjectID: [UInt8]]>

    /// Opens a folder.
    /// - Throws: ``GitError`` when `path` is no folder.
    public init(path: String) throws(GitError) {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw GitError(.notARepository, operation: "open folder", subject: path, "there is no such folder")
        }
        let bytes = Array(path.utf8)
        root = Self.id(of: bytes)
        paths = Mutex([root: bytes])
    }

    public func entries(of tree: ObjectID) throws -> [FileEntry] {
        let folder = try path(of: tree)
        guard let names = PlainFile.rawNames(in: folder) else { throw Self.failure("read folder", folder) }
        return names.map { FileName(bytes: $0) }.sorted().compactMap { name in
            let file = folder + [UInt8(ascii: "/")] + name.bytes
            guard name != ".git", let mode = Self.mode(of: file) else { return nil }
            let kind: FileEntry.Kind
            switch mode & S_IFMT {
            case S_IFDIR: kind = Self.mode(of: file + Array("/.git".utf8)) == nil ? .folder : .submodule
            case S_IFLNK: kind = .symlink
            case S_IFREG: kind = mode & 0o111 == 0 ? .file : .executable
            default: return nil
            }
            let id = Self.id(of: file)
            paths.withLock { $0[id] = file }
            return FileEntry(name: name, kind: kind, id: id)
        }
    }

    public func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> BlobRead<Result>
    {
        let file = try path(of: blob)
        do {
            guard let bytes = try PlainFile.read(file, limit: limit) else { throw Self.failure("read file", file) }
            return .value(try bytes.withUnsafeBytes(body))
        } catch let error as SystemError where error.code == .tooLarge {
            var info = stat()
            _ = file.withCPath { lstat($0, &info) }
            return .tooLarge(size: max(Int(info.st_size), limit + 1))
        }
    }

    private func path(of id: ObjectID) throws(GitError) -> [UInt8] {
        guard let path = paths.withLock({ $0[id] }) else {
            throw GitError(.missingObject, operation: "read", subject: id.hex, "it is not in the folder")
        }
        return path
    }

    private static func mode(of path: [UInt8]) -> mode_t? {
        var info = stat()
        return path.withCPath { lstat($0, &info) } == 0 ? info.st_mode : nil
    }

    private static func failure(_ operation: String, _ path: [UInt8]) -> GitError {
        GitError(.storage, operation: operation, subject: RepositoryPath(bytes: path).shown, "it cannot be read")
    }

    private static func id(of path: [UInt8]) -> ObjectID {
        LibGit2.start
        var oid = git_oid()
        git_odb_hash(&oid, path, path.count, GIT_OBJECT_BLOB)
        guard let id = ObjectID(oid) else { preconditionFailure("an object id has 40 digits") }
        return id
    }
}
