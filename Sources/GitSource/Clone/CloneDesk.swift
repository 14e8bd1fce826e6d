import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// A git folder of Curfew's own over a person's clone: its objects and references are the clone's, its configuration, hooks,
/// attributes and index are not. Removed with its last owner.
final class CloneDesk: Sendable {
    /// Where git is to work.
    let path: String

    /// - Parameters:
    ///   - common: the clone's git folder, with `objects` and `refs`.
    ///   - own: that of its work tree, with `HEAD`; the same unless it is a linked one.
    init(common: String, own: String, configuration: CloneConfiguration) throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/curfew-clone-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw GitError(.storage, operation: "make", subject: "a folder", String(cString: strerror(errno)))
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for name in ["objects", "refs", "packed-refs", "logs"] where symlink("\(common)/\(name)", "\(path)/\(name)") != 0 {
            throw GitError(.storage, operation: "make", subject: path, String(cString: strerror(errno)))
        }
        let tree = "\(path)/tree"
        guard mkdir(tree, 0o700) == 0 else {
            throw GitError(.storage, operation: "make", subject: tree, String(cString: strerror(errno)))
        }
        do {
            let head = try PlainFile.read("\(own)/HEAD", limit: 4096) ?? Array("ref: refs/heads/main\n".utf8)
            try AtomicFile.write(head, to: "\(path)/HEAD", isDurable: false)
            try AtomicFile.write(Array(configuration.text(workTree: tree).utf8), to: "\(path)/config", isDurable: false)
            if let shallow = try PlainFile.read("\(common)/shallow", limit: 16 << 20) {
                try AtomicFile.write(shallow, to: "\(path)/shallow", isDurable: false)
            }
        } catch { throw GitError(.storage, operation: "read clone", subject: own, error.message) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
