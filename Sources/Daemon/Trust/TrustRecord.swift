import CurfewGates
import CurfewGitSource
import CurfewJournal
import CurfewModel
import Foundation

/// What this service remembers of commits that count once, or that it alone may make: by what was signed, never by the id of
/// a commit, since anybody can write a good signature down in another way.
struct TrustRecord: Sendable {
    let mirror: Mirror
    /// Where it is kept; `nil` = here is no record (a person's clone).
    let journal: Journal?
    let clock: WallClock

    private static let began = "trust/began"
    private static let own = "own/"
    private static let seals = "seal/"
    /// How long it is kept that a commit was made. Nothing is asked about what was accepted long ago.
    private static let kept = Span.seconds(90 * 86_400)

    /// One that was made.
    private struct Made: Codable {
        var commit: ObjectID
        var at: Instant
    }

    /// A seal that was accepted.
    private struct Accepted: Codable {
        var commit: ObjectID
        /// What had been accepted before.
        var from: ObjectID
        var at: Instant
    }

    /// What is on the branch now was there before this record began: nobody who could know it is left.
    /// - Parameter anew: nothing has been accepted yet.
    func begin(at tip: ObjectID, anew: Bool) async throws {
        guard let journal else { return }
        let known = try await journal.fact(Self.began).flatMap { FactCoder().decode(ObjectID.self, from: $0) }
        guard known == nil || (anew && known != tip) else { return }
        try await journal.setFact(Self.began, FactCoder().encode(tip))
    }

    /// Where a commit that Curfew's key has signed comes from.
    func origin(of commit: ObjectID) async throws -> OwnCommit.Origin {
        guard let journal else { return .branch }
        if try await journal.fact(Self.own + mirror.payloadDigest(of: commit)) != nil { return .recorded }
        guard let data = try await journal.fact(Self.began), let began = FactCoder().decode(ObjectID.self, from: data) else {
            return .branch
        }
        return try await mirror.isAncestor(commit, of: began) ? .branch : .unknown
    }

    /// Writes down that this service is about to push a commit.
    func remember(_ commit: ObjectID) async throws {
        guard let journal else { return }
        let made = Made(commit: commit, at: clock.now)
        try await journal.setFact(Self.own + mirror.payloadDigest(of: commit), FactCoder().encode(made))
    }

    /// Forgets what was made long ago.
    func prune() async throws {
        guard let journal else { return }
        var gone: [String: Data?] = [:]
        for (key, data) in try await journal.facts(prefix: Self.own) {
            let made = FactCoder().decode(Made.self, from: data)
            if made.map({ clock.now - $0.at > Self.kept }) ?? true { gone.updateValue(nil, forKey: key) }
        }
        if !gone.isEmpty { try await journal.setFacts(gone) }
    }

    /// Whether a seal has been used already: what was signed was accepted in another commit, or this one was in another place.
    /// - Parameters:
    ///   - accepted: what is accepted now; its own line tells, too, when the record was lost.
    ///   - continues: whether the seal lies on a line that goes on from there.
    func isSpent(_ seal: ObjectID, accepted: ObjectID, root: ObjectID?, continues: Bool) async throws -> Bool {
        let payload = try await mirror.payloadDigest(of: seal)
        if let data = try await journal?.fact(Self.seals + payload) {
            guard let known = FactCoder().decode(Accepted.self, from: data), known.commit == seal else { return true }
            return !continues && known.from != accepted
        }
        for commit in try await mirror.firstParents(from: accepted, until: root, limit: 1_000_000)
        where !commit.trailers.values("Curfew-Seal").isEmpty {
            if try await mirror.payloadDigest(of: commit.id) == payload { return true }
        }
        return false
    }

    /// Writes down that a seal is accepted, before anything is done on account of it.
    func accept(_ seal: ObjectID, from accepted: ObjectID) async throws {
        let value = Accepted(commit: seal, from: accepted, at: clock.now)
        try await journal?.setFact(Self.seals + mirror.payloadDigest(of: seal), FactCoder().encode(value))
    }
}
