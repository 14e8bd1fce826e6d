internal import CLibGit2
public import CurfewDrivers
public import CurfewModel
internal import CurfewSystem
import Dispatch
import Foundation
import Glibc

extension Mirror: ArtifactSource {
    public nonisolated func checkOut(tree: ObjectID, into folder: String, limit: ByteCount) async throws {
        let source = try await ownObjectDatabase()
        // An artifact may be large: written on a queue of its own, the mirror goes on meanwhile.
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue(label: "curfew.checkout").async {
                continuation.resume(
                    with: Result { try TreeWriter(objects: source, limit: limit.value).write(tree, to: folder) })
            }
        }
    }

    public nonisolated func blob(_ id: ObjectID, limit: ByteCount) async throws -> [UInt8] {
        let source = try await ownObjectDatabase()
        switch try source.read(id, GIT_OBJECT_BLOB, limit: Int(clamping: limit.value), { Array($0) }) {
        case .value(let bytes): return bytes
        case .tooLarge(let size):
            throw DriverError(
                .badArtifact, operation: "read", subject: id.short, "it has \(size) bytes; at most \(limit) are allowed")
        }
    }

    private func ownObjectDatabase() throws -> ObjectDatabase { try ObjectDatabase(path: path) }
}

/// Writes a tree's files to a folder, read-only. Everything in the tree is hostile.
private final class TreeWriter {
    private let objects: ObjectDatabase
    private var rest: Int64
    private var entries = 0

    init(objects: ObjectDatabase, limit: Int64) { (self.objects, rest) = (objects, limit) }

    func write(_ tree: ObjectID, to folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw problem(RepositoryPath(folder), String(cString: strerror(errno)), .storage) }
        defer { close(descriptor) }
        try write(tree, into: descriptor, path: .root, depth: 0)
    }

    private func write(_ tree: ObjectID, into folder: Int32, path: RepositoryPath, depth: Int) throws {
        guard depth < 100 else { throw problem(path, "folders are nested more than 100 deep") }
        let object = try GitTree(root: tree, objects: objects).object(tree)
        if let odd = object.problem { throw problem(path, odd) }
        for entry in object.entries {
            let here = path.appending(entry.name)
            entries += 1
            guard entries <= 100_000 else { throw problem(here, "there are more than 100000 files") }
            if let fault = entry.name.fault { throw problem(here, fault) }
            switch entry.kind {
            case .file, .executable: try writeFile(entry, into: folder, here)
            case .symlink: try writeLink(entry, into: folder, here, depth: depth)
            case .submodule: throw problem(here, "it is a submodule, which is not in this repository; add its files instead")
            case .folder:
                guard entry.name.bytes.withCPath({ mkdirat(folder, $0, 0o755) }) == 0 else { throw system(here) }
                let next = entry.name.bytes.withCPath {
                    openat(folder, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                }
                guard next >= 0 else { throw system(here) }
                defer { close(next) }
                try write(entry.id, into: next, path: here, depth: depth + 1)
                guard fchmod(next, 0o555) == 0 else { throw system(here) }
            }
        }
    }

    private func writeFile(_ entry: FileEntry, into folder: Int32, _ path: RepositoryPath) throws {
        let outcome = try GitTree(root: entry.id, objects: objects).withBlob(entry.id, limit: Int(clamping: rest)) { bytes in
            let file = entry.name.bytes.withCPath {
                openat(folder, $0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            }
            guard file >= 0 else { throw system(path) }
            defer { close(file) }
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0, errno != EINTR { throw system(path) }
                if count > 0 { done += count }
            }
            rest -= Int64(bytes.count)
            guard fchmod(file, entry.kind == .executable ? 0o555 : 0o444) == 0 else { throw system(path) }
        }
        if case .tooLarge = outcome { throw problem(path, "the artifact is larger than allowed (see store.maxArtifact)") }
    }

    /// A link may point to anything below the artifact's own folder, and to nothing else. `..` may stand only in front: there
    /// it goes up through the folders that the link lies in; behind a name it could go up through another link.
    private func writeLink(_ entry: FileEntry, into folder: Int32, _ path: RepositoryPath, depth: Int) throws {
        let outcome = try GitTree(root: entry.id, objects: objects).withBlob(entry.id, limit: 4096) {
            RepositoryPath(bytes: Array($0))
        }
        guard case .value(let target) = outcome, !target.bytes.isEmpty, !target.bytes.contains(0),
            target.bytes.first != UInt8(ascii: "/")
        else { throw problem(path, "the symlink leaves the artifact") }
        let steps = target.names.filter { !$0.bytes.isEmpty && $0 != "." }
        let up = steps.prefix { $0 == ".." }.count
        guard up <= depth else { throw problem(path, "the symlink leaves the artifact") }
        guard !steps.dropFirst(up).contains("..") else {
            throw problem(path, "the symlink goes up after it went down; write its target with '..' only in front")
        }
        let made = target.bytes.withCPath { target in entry.name.bytes.withCPath { symlinkat(target, folder, $0) } }
        guard made == 0 else { throw system(path) }
    }

    private func system(_ path: RepositoryPath) -> DriverError {
        problem(path, String(cString: strerror(errno)), errno == ENOSPC || errno == EDQUOT ? .storage : .badArtifact)
    }

    private func problem(_ path: RepositoryPath, _ message: String, _ code: DriverError.Code = .badArtifact) -> DriverError {
        DriverError(code, operation: "unpack", subject: path.shown, message)
    }
}
