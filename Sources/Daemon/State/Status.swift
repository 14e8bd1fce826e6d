public import CurfewModel
import Foundation

/// What `curfew status` shows: a snapshot that the daemon writes whenever it changes.
public struct Status: Sendable, Codable, Equatable {
    /// One word for the whole.
    public enum Overall: String, Sendable, Codable { case converged, progressing, held, failed }

    /// One workload.
    public struct Workload: Sendable, Codable, Equatable {
        /// Its name.
        public var name: Name
        /// The runtime that it is on.
        public var runtime: Name?
        /// The generation that should run, `nil` when none should.
        public var generation: Generation?
        /// How many instances should run.
        public var desired: Int
        /// How many instances of that generation are healthy.
        public var ready: Int
        /// Where traffic enters, first exposed port; `host:port`.
        public var address: String?
        /// converged | progressing | held | failed.
        public var state: Overall
        /// Why it is not converged, or what is being done.
        public var message: String?
        /// The revision that its bundle stands at.
        public var revision: ObjectID?
        /// Whether an operator rolled it back ahead of Git.
        public var pinned: Bool
        /// Its instances.
        public var instances: [Instance]
        /// The commit that brought the generation, as far as it was seen coming.
        public var change: Attribution?
        /// How the traffic is shared out, while more than one generation gets some.
        public var traffic: [Traffic]
    }
    /// What share of the traffic a generation gets.
    public struct Traffic: Sendable, Codable, Equatable {
        /// The generation.
        public var generation: Generation
        /// 0 to 100.
        public var percent: Int
    }
    /// One instance.
    public struct Instance: Sendable, Codable, Equatable {
        /// Its id.
        public var id: InstanceID
        /// What it was made from.
        public var generation: Generation
        /// `starting`, `running`, `exited (137)`.
        public var state: String
        /// `healthy`, `unknown`, or what is wrong.
        public var health: String
        /// Where its ports are reached.
        public var endpoints: [Name: Endpoint]
        /// The host that it is on, where there are many.
        public var place: String?
    }
    /// The source of the desired state.
    public struct Source: Sendable, Codable, Equatable {
        /// The configured address.
        public var url: String
        /// The branch.
        public var branch: String
        /// Where the last fetch came from.
        public var remote: String?
        /// The remote's tip.
        public var tip: ObjectID?
        /// The last fetch that worked.
        public var lastFetch: Instant?
        /// Why it cannot be reached.
        public var problem: String?
        /// Since when.
        public var failingSince: Instant?
        /// Why the tip is not taken.
        public var held: String?
    }

    /// One grant that is not over and off the branch.
    public struct Grant: Sendable, Codable, Equatable {
        /// Its name.
        public var name: Name
        /// The blob of its file.
        public var blob: ObjectID
        /// Who gets it.
        public var person: Name?
        /// What they get.
        public var role: Name?
        /// pending | scheduled | starting | active | ending | ended | refused.
        public var state: String
        /// When it begins.
        public var start: Instant?
        /// When it ends.
        public var end: Instant?
        /// Why it is not active, or has ended.
        public var reasons: [String]
        /// Who approved it.
        public var approvedBy: [Name]
        /// Where it was given.
        public var backends: [Name]
        /// What it was asked for; hostile text.
        public var reason: String?
        /// Workloads that are replaced when it ends.
        public var touches: [Name]
    }

    /// The daemon's process id.
    public var pid: Int32
    /// When this was written.
    public var at: Instant
    /// The revision in force.
    public var revision: ObjectID?
    /// Whether signatures and approvals were checked. Never with `trust.mode: none`.
    public var verified: Bool
    /// The trust mode.
    public var trust: String
    /// The whole in one word.
    public var state: Overall
    /// Who paused it, `nil` when it is not paused.
    public var paused: String?
    /// The source.
    public var source: Source
    /// Every workload, by name.
    public var workloads: [Workload]
    /// Bundles that stay at an older revision.
    public var heldBundles: [HeldBundle]
    /// What is deliberately not done.
    public var holds: [PlanHold]
    /// What is wrong with the files of the revision.
    public var diagnostics: [Diagnostic]
    /// What else is wrong: a runtime or the edge that does not answer, a journal that cannot be written.
    public var problems: [String]
    /// Reverts that are not on the branch yet.
    public var pendingReverts: [PendingRevert]
    /// Grants that are not over and off the branch, by name.
    public var grants: [Grant]

    /// The last snapshot that a daemon wrote, `nil` when there is none.
    public static func read(_ state: StateFolder) -> Status? {
        guard let data = FileManager.default.contents(atPath: state.status) else { return nil }
        return try? decoder.decode(Status.self, from: data)
    }

    func write(_ state: StateFolder) throws {
        // Not fsynced: it is a view, made anew at the next start.
        try writeState(try Self.encoder.encode(self), to: state.status, durable: false)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    private static var decoder: JSONDecoder { JSONDecoder() }
}
