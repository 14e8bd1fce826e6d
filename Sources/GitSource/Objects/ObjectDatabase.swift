internal import CLibGit2
import CurfewModel
import Foundation

/// Owner of one repository handle, for reading objects only.
///
/// libgit2's object database may be read from several threads at once; nothing else of the handle is used, which is why
/// this class may be shared.
final class ObjectDatabase: @unchecked Sendable {
    private let repository: OpaquePointer
    private let database: OpaquePointer

    init(path: String) throws(GitError) {
        LibGit2.start
        var repository: OpaquePointer?
        try LibGit2.check(git_repository_open(&repository, path), "open repository", path)
        guard let repository else { throw GitError(.failed, operation: "open repository", subject: path, "no handle") }
        var database: OpaquePointer?
        let result = git_repository_odb(&database, repository)
        guard result == 0, let database else {
            git_repository_free(repository)
            try LibGit2.check(result, "open objects", path)
            throw GitError(.failed, operation: "open objects", subject: path, "no handle")
        }
        (self.repository, self.database) = (repository, database)
    }

    deinit {
        git_odb_free(database)
        git_repository_free(repository)
    }

    /// How many bytes an object has; nothing of it is read but that.
    func size(of id: ObjectID) throws(GitError) -> Int {
        var oid = git_oid(id)
        var (size, kind) = (0, GIT_OBJECT_INVALID)
        try LibGit2.check(git_odb_read_header(&size, &kind, database, &oid), "read object", id.hex)
        return size
    }

    /// What kind of object it is; `nil` when it is not here.
    func kind(of id: ObjectID) -> git_object_t? {
        var oid = git_oid(id)
        var (size, kind) = (0, GIT_OBJECT_INVALID)
        return git_odb_read_header(&size, &kind, database, &oid) == 0 ? kind : nil
    }

    /// Whether it is here, as far as is known without looking at the disk anew.
    func has(_ id: ObjectID) -> Bool {
        var oid = git_oid(id)
        return git_odb_exists_ext(database, &oid, UInt32(GIT_ODB_LOOKUP_NO_REFRESH.rawValue)) == 1
    }

    /// Lends an object's bytes.
    func read<Result>(
        _ id: ObjectID, _ type: git_object_t, limit: Int = .max, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> BlobRead<Result> {
        var oid = git_oid(id)
        if limit < .max {
            var size = 0
            var kind = GIT_OBJECT_INVALID
            try LibGit2.check(git_odb_read_header(&size, &kind, database, &oid), "read object", id.hex)
            if size > limit { return .tooLarge(size: size) }
        }
        var object: OpaquePointer?
        try LibGit2.check(git_odb_read(&object, database, &oid), "read object", id.hex)
        defer { git_odb_object_free(object) }
        guard let object, git_odb_object_type(object) == type else {
            throw GitError(.corrupt, operation: "read object", subject: id.hex, "it is not of the expected type")
        }
        return .value(try body(UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object))))
    }
}

extension git_oid {
    /// The binary form of an id.
    init(_ id: ObjectID) {
        self.init()
        git_oid_fromstr(&self, id.hex)
    }
}

extension ObjectID {
    /// The textual form of a binary id.
    init?(_ oid: git_oid) {
        var oid = oid
        self.init(
            withUnsafeBytes(of: &oid.id) { bytes in
                String(unsafeUninitializedCapacity: 40) { buffer in
                    let digits: StaticString = "0123456789abcdef"
                    for (index, byte) in bytes.enumerated() {
                        buffer[index * 2] = digits.utf8Start[Int(byte >> 4)]
                        buffer[index * 2 + 1] = digits.utf8Start[Int(byte & 15)]
                    }
                    return 40
                }
            })
    }
}
