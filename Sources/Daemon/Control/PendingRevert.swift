public import CurfewModel
import Foundation
import Glibc

/// A commit that is to be reverted on the branch: a file in `control/reverts`, so that neither a kill nor a Git host
/// that is down loses it, and so that the command line and the daemon mean the same thing by it.
public struct PendingRevert: Sendable, Codable, Hashable {
    /// How it ended.
    public enum Outcome: Sendable, Codable, Hashable {
        /// This commit is on the branch.
        case pushed(ObjectID)
        /// There is nothing left to revert; the text says why.
        case obsolete(String)
        /// It cannot be done by a machine; the text says why and what to do.
        case impossible(String)
    }
    /// The commit to revert.
    public var commit: ObjectID
    /// Why, one line.
    public var reason: String
    /// The workload that failed or is rolled back.
    public var workload: Name?
    /// Its bundle.
    public var bundle: Name?
    /// The generation that has to go.
    public var generation: Generation?
    /// The last lines that the failed instance wrote.
    public var log: [String]
    /// Who asked: a user's name for a rollback, `nil` for a failed deploy.
    public var requestedBy: String?
    /// When it was asked for.
    public var requestedAt: Instant
    /// Tries so far.
    public var attempts = 0
    /// Not tried before.
    public var nextTry: Instant
    /// What the last try said.
    public var problem: String?
    /// How it ended, `nil` while it is pending.
    public var outcome: Outcome?

    /// Makes a wish that is due at once.
    public init(
        commit: ObjectID, reason: String, workload: Name? = nil, bundle: Name? = nil, generation: Generation? = nil,
        log: [String] = [], requestedBy: String? = nil, requestedAt: Instant
    ) {
        self.commit = commit
        self.reason = reason
        self.workload = workload
        self.bundle = bundle
        self.generation = generation
        self.log = log
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
        nextTry = requestedAt
    }

    /// The body of the revert commit: what happened, for people; trailers, for machines.
    public var commitBody: String {
        var lines = ["This reverts commit \(commit).", ""]
        lines.append(contentsOf: reason.escapingControls.folded(at: 72))
        if let requestedBy { lines.append("Asked for by \(requestedBy.escapingControls).") }
        if !log.isEmpty {
            lines.append(contentsOf: ["", "Last lines of the failed instance:"])
            lines.append(contentsOf: log.suffix(20).map { "    " + String($0.escapingControls.prefix(200)) })
        }
        lines.append("")
        lines += RevertNote(commit: commit, workload: workload, bundle: bundle, generation: generation).lines
        return lines.joined(separator: "\n") + "\n"
    }
}

/// The files in `control/reverts`.
public struct RevertQueue: Sendable {
    let folder: String

    /// The queue of a state folder.
    public init(_ state: StateFolder) { folder = state.reverts }

    private func file(_ commit: ObjectID) -> String { "\(folder)/\(commit).json" }

    /// Adds a wish. One that is pending for the same commit stays as it is.
    /// - Returns: whether it was added.
    @discardableResult
    public func add(_ revert: PendingRevert) throws -> Bool {
        if let known = read(revert.commit), known.outcome == nil { return false }
        try save(revert)
        return true
    }

    /// Writes it as it is now.
    public func save(_ revert: PendingRevert) throws {
        try writeState(try JSONEncoder().encode(revert), to: file(revert.commit))
    }

    /// The wish about one commit.
    public func read(_ commit: ObjectID) -> PendingRevert? {
        guard let data = FileManager.default.contents(atPath: file(commit)) else { return nil }
        return try? JSONDecoder().decode(PendingRevert.self, from: data)
    }

    /// All of them, oldest first. What cannot be read is left alone.
    public func all() -> [PendingRevert] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in ObjectID(String(name.prefix(40))).flatMap(read) }
            .sorted { ($0.requestedAt, $0.commit) < ($1.requestedAt, $1.commit) }
    }

    /// Forgets one.
    public func remove(_ commit: ObjectID) { unlink(file(commit)) }
}

extension String {
    /// The words of the text in lines of at most `width` characters (a longer word stands alone).
    fileprivate func folded(at width: Int) -> [String] {
        var lines: [String] = []
        for word in split(separator: " ", omittingEmptySubsequences: true) {
            if let last = lines.last, last.count + word.count < width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
