import CurfewDesiredState
public import CurfewGates
import CurfewGitSource
public import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// Judges what somebody is about to push, inside the `pre-receive` hook of a repository, by the stages of the service. Nothing
/// in the repository changes: objects are read out of the quarantine, references as they would be.
public struct PushInspection: Sendable {
    /// One line of what the hook reads.
    public struct Update: Sendable, Hashable {
        /// What the reference is; `nil` = it is new.
        public var old: ObjectID?
        /// What it is to become; `nil` = it goes.
        public var new: ObjectID?
        /// Its whole name.
        public var reference: String

        /// Reads `<old> <new> <reference>`; `nil` for anything else.
        public init?(_ line: some StringProtocol) {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard words.count == 3, let old = ObjectID(String(words[0])), let new = ObjectID(String(words[1])),
                words[2].hasPrefix("refs/"), words[2].utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
            else { return nil }
            func present(_ id: ObjectID) -> ObjectID? { id.hex.utf8.allSatisfy { $0 == UInt8(ascii: "0") } ? nil : id }
            (self.old, self.new, reference) = (present(old), present(new), String(words[2]))
        }
    }
    /// What is said of a push.
    public struct Verdict: Sendable {
        /// Why it is not taken; empty = it is.
        public var refusals: [String] = []
        /// What whoever pushes should know.
        public var notes: [String] = []
    }
    private let desk: PushDesk
    private let mirror: Mirror
    private let trust: TrustKeeper
    private let rules: TrustRules
    private let branch: String
    private let updates: [Update]
    private let now: Instant
    private static let tags = "refs/tags/approvals/"

    /// - Parameters:
    ///   - repository: the git folder that is pushed to.
    ///   - updates: all of them, since a tag may approve what comes with it.
    ///   - branch: the one that Curfew follows.
    ///   - environment: git's, with the quarantine.
    /// - Throws: when the repository cannot be read: then nothing may be taken.
    public init(
        repository: String, updates: [Update], branch: String, rules: TrustRules, environment: [String: String],
        now: Instant = WallClock.system.now
    ) throws {
        desk = try PushDesk(repository: repository, updates: updates, tags: Self.tags, environment: environment)
        mirror = Mirror(path: desk.path, location: RepositoryLocation(url: desk.path), worker: [])
        let loader = DesiredStateLoader(runtimes: [:], enforcesPolicies: true)
        trust = TrustKeeper(mirror: mirror, loader: loader, rules: rules, root: rules.root)
        (self.rules, self.branch, self.updates, self.now) = (rules, branch, updates, now)
    }

    /// Judges all.
    public func verdict() async throws -> Verdict {
        try await mirror.open(cleaning: false)
        var verdict = Verdict()
        for update in updates {
            if update.reference == "refs/heads/\(branch)" {
                try await judge(update, &verdict)
            } else if update.reference.hasPrefix(Self.tags), let new = update.new,
                let fault = try await fault(String(update.reference.dropFirst("refs/tags/".count)), new)
            {
                verdict.refusals.append("\(update.reference.escapingControls): \(fault)")
            }
        }
        return verdict
    }

    /// The branch that Curfew follows.
    private func judge(_ update: Update, _ verdict: inout Verdict) async throws {
        guard let new = update.new else {
            verdict.refusals.append("\(branch) is the branch that Curfew follows; it is not removed")
            return
        }
        guard var accepted = update.old ?? rules.root else {
            verdict.notes.append("\(branch) is new; nothing is judged without --root")
            return
        }
        guard try await mirror.isAncestor(accepted, of: new) || accepted == new else {
            guard let seal = try await trust.sealed(new, since: accepted, now: now) else {
                verdict.refusals.append(
                    "history would be rewritten: \(new.short) does not descend from \(accepted.short); merge instead of forcing"
                )
                return
            }
            accepted = seal
            return try await follow(from: accepted, to: new, &verdict)
        }
        try await follow(from: accepted, to: new, &verdict)
        try await judgeGrants(from: update.old ?? accepted, to: new, &verdict)
    }

    private func follow(from base: ObjectID, to new: ObjectID, _ verdict: inout Verdict) async throws {
        var accepted = base
        while accepted != new {
            let outcome = try await trust.follow(from: accepted, to: new, now: now)
            if let held = outcome.held {
                // What only has to wait is taken when its time comes.
                if outcome.until == nil { verdict.refusals.append(held) } else { verdict.notes.append(held) }
                return
            }
            guard outcome.accepted != accepted else { return }
            accepted = outcome.accepted
        }
    }

    /// Grants that are new, as if the branch had them already.
    private func judgeGrants(from base: ObjectID, to new: ObjectID, _ verdict: inout Verdict) async throws {
        let before = try await trust.grants(at: base)
        let after = try await trust.grants(at: new)
        let known = Set(before.files.map(\.id))
        let knownBroken = Set(before.broken.map(\.blob))
        for broken in after.broken where !knownBroken.contains(broken.blob) {
            let what = broken.diagnostics.map { "\($0)" }.joined(separator: "; ")
            verdict.refusals.append("\(broken.path): \(what)")
        }
        let inspection = Inspection(objects: desk.path, rules: rules, now: now)
        for grant in try await inspection.grants(at: new, onto: base, backends: nil) where !known.contains(grant.id) {
            let reasons = grant.reasons.joined(separator: "; ")
            switch grant.state {
            case .refused: verdict.refusals.append("grant \(grant.id.name): \(reasons)")
            case .pending: verdict.notes.append("grant \(grant.id.name) waits: \(reasons)")
            case .active, .scheduled, .ended: break
            }
        }
    }

    /// What is wrong with the form of an approval; whose it is shows when it is counted.
    private func fault(_ name: String, _ id: ObjectID) async throws -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, Name(String(parts[1])) != nil, Name(String(parts[2])) != nil else {
            return "an approval is called approvals/<grant or commit>/<person>"
        }
        let found = try await mirror.approvals(under: Self.tags) { $0 == parts[1] && $1 == parts[2] }
        guard let tag = found.first(where: { $0.id == id }) else {
            return "an approval is an annotated tag of at most 16 KiB; make it with `curfew approve`"
        }
        guard tag.name == name else { return "the tag itself is called \(tag.name.prefix(100).description.escapingControls)" }
        switch tag.signature {
        case .good: break
        case .none: return "it is not signed; make it with `curfew approve`"
        case .bad(let why): return why.escapingControls
        }
        return tag.statement == nil ? "it does not say what it approves; make it with `curfew approve`" : nil
    }
}

/// A git folder beside the one that is pushed to: its objects and those of the quarantine, its references as they would be.
/// Removed with its last owner.
private final class PushDesk: Sendable {
    let path: String
    private static let mostReferences = 100_000

    init(repository: String, updates: [PushInspection.Update], tags: String, environment: [String: String]) throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/curfew-push-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw GitError(.storage, operation: "make", subject: "a folder", String(cString: strerror(errno)))
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for folder in ["refs/heads", "objects/info"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        // Those of the environment are relative to the repository, which is where a hook runs.
        func absolute(_ text: String) -> String { text.hasPrefix("/") ? text : "\(repository)/\(text)" }
        var objects = ["\(repository)/objects"]
        if let quarantine = environment["GIT_QUARANTINE_PATH"] ?? environment["GIT_OBJECT_DIRECTORY"] {
            objects.insert(absolute(quarantine), at: 0)
        }
        objects += (environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] ?? "").split(separator: ":").map { absolute(String($0)) }
        guard objects.allSatisfy({ !$0.contains("\n") && !$0.contains("\"") }) else {
            throw GitError(.invalid, operation: "read", subject: repository, "the path of its objects cannot be used")
        }
        let listed = try Program(
            "git", ["--git-dir", repository, "for-each-ref", "--format=%(objectname) %(refname)"],
            environment: Program.plainEnvironment.merging(environment.filter { $0.key == "HOME" }) { $1 },
            outputLimit: 64 << 20,
            hint: "it is in the package git"
        ).runBlocking(within: .seconds(60))
        guard listed.isSuccess else {
            throw GitError(.failed, operation: "read", subject: repository, listed.complaint.escapingControls)
        }
        var references: [String: String] = [:]
        for line in listed.text.split(separator: "\n").prefix(Self.mostReferences) {
            let words = line.split(separator: " ", maxSplits: 1)
            if words.count == 2 { references[String(words[1])] = String(words[0]) }
        }
        for update in updates { references[update.reference] = update.new?.hex }
        // Where the service looks for them.
        for (name, id) in references where name.hasPrefix(tags) {
            references["\(MirrorRef.approvals)\(name.dropFirst(tags.count))"] = id
        }
        let packed = references.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($0.value) \($0.key)\n" }
        try write("HEAD", "ref: refs/heads/main\n")
        try write("config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        try write("objects/info/alternates", objects.uniqued().map { $0 + "\n" }.joined())
        try write("packed-refs", "# pack-refs with: sorted \n" + packed.joined())
    }

    private func write(_ name: String, _ text: String) throws {
        try AtomicFile.write(Array(text.utf8), to: "\(path)/\(name)", isDurable: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
