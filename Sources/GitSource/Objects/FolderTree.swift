internal import CLibGit2
public import CurfewModel
import Foundation
import Glibc
import Synchronization

/// A plain folder, for `curfew validate PATH`.
///
/// Ids here stand for paths, not for content: they are good for one reading of the folder and for nothing else. Symlinks
/// are reported as what they are and never followed; `.git` is left out.
public final class FolderTree: FileTree {
    public let root: ObjectID
    private let paths: Mutex<[ObjectID: String]>

    /// Opens a folder.
    /// - Throws: ``GitError`` when `path` is no folder.
    public init(path: String) throws(GitError) {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw GitError(.notARepository, operation: "open folder", subject: path, "there is no such folder")
        }
        root = Self.id(of: path)
        paths = Mutex([root: path])
    }

    public func entries(of tree: ObjectID) throws -> [FileEntry] {
        let folder = try path(of: tree)
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw GitError(.storage, operation: "read folder", subject: folder, "it cannot be read")
        }
        return names.compactMap { name in
            let file = "\(folder)/\(name)"
            var info = stat()
            guard name != ".git", lstat(file, &info) == 0 else { return nil }
            let kind: FileEntry.Kind
            switch info.st_mode & S_IFMT {
            case S_IFDIR: kind = access("\(file)/.git", F_OK) == 0 ? .submodule : .folder
            case S_IFLNK: kind = .symlink
            case S_IFREG: kind = info.st_mode & 0o111 == 0 ? .file : .executable
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
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw GitError(.storage, operation: "read file", subject: file, String(cString: strerror(errno)))
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var info = stat()
        if fstat(descriptor, &info) == 0, info.st_size > limit { return .tooLarge(size: Int(info.st_size)) }
        let data = try handle.read(upToCount: limit + 1) ?? Data()
        if data.count > limit { return .tooLarge(size: data.count) }
        return .value(try data.withUnsafeBytes(body))
    }

    private func path(of id: ObjectID) throws(GitError) -> String {
        guard let path = paths.withLock({ $0[id] }) else {
            throw GitError(.missingObject, operation: "read", subject: id.hex, "it is not in the folder")
        }
        return path
    }

    private static func id(of path: String) -> ObjectID {
        LibGit2.start
        var oid = git_oid()
        git_odb_hash(&oid, path, path.utf8.count, GIT_OBJECT_BLOB)
        guard let id = ObjectID(oid) else { preconditionFailure("an object id has 40 digits") }
        return id
    }
}
