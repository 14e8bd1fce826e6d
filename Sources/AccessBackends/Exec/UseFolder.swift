import CurfewModel
import Foundation
import Glibc

/// One session of a grant, as it is kept for evidence.
struct Use: Codable, Hashable, Sendable {
    /// The session's id, which its recording carries too.
    var session: String
    var person: Name
    var workload: Name
    var instance: InstanceID
    /// As it may be told in Git.
    var command: String
    var began: Instant
    /// `nil` = it runs, or Curfew died.
    var ended: Instant?
    /// How it ended.
    var how: String?
    /// Whether the command was begun at all.
    var entered: Bool?
}

/// What was done under a grant, a JSON file each; kept after the record has gone.
struct UseFolder: Sendable {
    static let name = "uses"
    /// No grant is longer than 30 days; its uses are kept for as long again after the last change.
    static let keep = Span.seconds(62 * 86_400)
    /// More sessions than this are counted, not listed.
    static let limit = 1000

    /// What is kept of one grant.
    struct Uses: Codable, Sendable {
        var grant: GrantID
        var uses: [Use] = []
        /// How many are not listed any more.
        var dropped = 0
    }
    let path: String

    private func file(_ id: GrantID) -> String { "\(path)/\(id).json" }

    /// `nil` when there is nothing; then nobody went in, or the state folder was lost.
    func read(_ id: GrantID) -> Uses? {
        guard let bytes = Files.read(file(id)).bytes, let uses = try? JSONDecoder().decode(Uses.self, from: bytes),
            uses.grant == id
        else { return nil }
        return uses
    }

    /// Writes one down, or writes it again. On disk when this returns.
    func note(_ use: Use, of id: GrantID) throws {
        var all = read(id) ?? Uses(grant: id)
        if let index = all.uses.firstIndex(where: { $0.session == use.session }) {
            all.uses[index] = use
        } else {
            if all.uses.count >= Self.limit {
                all.uses.removeFirst()
                all.dropped += 1
            }
            all.uses.append(use)
        }
        try write(all)
    }

    func write(_ uses: Uses) throws {
        try Files.makeFolder(path)
        try Files.write(try JSONEncoder().encode(uses), to: file(uses.grant))
    }

    /// Removes what nobody asks for any more.
    func forget(at now: Instant) {
        for name in Files.names(in: path) ?? [] {
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0 else { continue }
            if Instant(milliseconds: Int64(status.st_mtim.tv_sec) * 1000) + Self.keep < now { unlink("\(path)/\(name)") }
        }
    }
}
