import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A world with `trust.mode: signed` and no access: who may write what into the branch is all that matters.
///
/// alice may change nothing that is protected, bob changes manifests, dave owns `policies/`.
final class TrustWorld: Sendable {
    let world: World
    let keys: SigningKeys
    let root: String
    static let people = ["alice", "bob", "dave"]

    /// Runs `body` beside a daemon that has taken the first commit.
    static func with(
        _ label: String, _ files: [String: String] = [:], _ body: (TrustWorld, Daemon) async throws -> Void
    ) async throws {
        let trust = try await TrustWorld(label, files)
        try await trust.world.withDaemon { daemon in
            guard await trust.takes(trust.root) else { throw ProgramFailure(command: "curfew run", output: daemon.log) }
            try await body(trust, daemon)
        }
    }

    init(_ label: String, _ files: [String: String] = [:], keys: SigningKeys? = nil) async throws {
        world = try await World(label)
        if let keys {
            self.keys = keys
        } else {
            self.keys = try await SigningKeys(world.scratch, "alice", "bob", "dave", "curfew")
        }
        try world.site(port: world.port)
        for (path, text) in files { try world.scratch.write("work/\(path)", text) }
        for who in Self.people { try world.scratch.write("work/policies/\(who).yaml", try Self.person(who, self.keys)) }
        try world.scratch.write("work/policies/production.yaml", Self.policy)
        try world.scratch.write("work/README", label)
        try await git("add", "-A", in: world.work)
        try await self.keys.git(as: "dave", "commit", "-qm", "Begin", in: world.work)
        root = try await git("rev-parse", "HEAD", in: world.work)
        try await git("push", "-q", "origin", "HEAD:main", in: world.work)
        let text = try String(contentsOfFile: world.configuration, encoding: .utf8)
        let trust = """
            trust: { root: \(root), owners: [dave] }
            identity: { name: Curfew, email: curfew@example.org, signingKey: "\(self.keys.path("curfew"))" }
            """
        try world.scratch.write("curfew.yaml", text.replacing("trust: { mode: none }", with: trust))
    }

    static let policy = """
        apiVersion: curfew/v1
        kind: ChangePolicy
        metadata: { name: production }
        spec: { paths: ["manifests/**"], authors: [bob, dave] }

        """

    static func person(_ who: String, _ keys: SigningKeys) throws -> String {
        """
        apiVersion: curfew/v1
        kind: Person
        metadata: { name: \(who) }
        spec: { emails: ["\(who)@example.org"], signingKeys: ["\(try keys.key(who).line)"] }

        """
    }

    /// A commit on top of another, not pushed.
    /// - Parameters:
    ///   - who: whose key signs; `nil` = nobody's.
    ///   - files: path → text; `nil` removes.
    func commit(_ who: String?, _ message: String, on parent: String, _ files: [String: String?] = [:]) async throws -> String {
        try await git("checkout", "-q", "--force", "--detach", parent, in: world.work)
        for (path, text) in files {
            if let text { try world.scratch.write("work/\(path)", text) } else { unlink("\(world.work)/\(path)") }
        }
        try await git("add", "-A", in: world.work)
        let file = try world.scratch.write("message", message)
        let arguments = ["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", file]
        if let who {
            try await keys.git(
                as: who, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], in: world.work)
        } else {
            try await git(
                arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], in: world.work)
        }
        return try await git("rev-parse", "HEAD", in: world.work)
    }

    /// Sets the branch, by force.
    func push(_ commit: String) async throws {
        try await git("push", "-qf", "origin", "\(commit):refs/heads/main", in: world.work)
    }

    func tip() async throws -> String { try await git("rev-parse", "main", in: world.remote) }

    /// Waits until a commit is in force.
    func takes(_ commit: String) async -> Bool {
        await eventually(within: .seconds(20)) { world.status?.revision?.hex == commit && world.status?.source.held == nil }
    }

    /// Waits until the tip is held with these words, and looks that nothing of it is in force.
    func holds(_ commit: String, _ words: String, at revision: String, _ location: SourceLocation = #_sourceLocation) async {
        let isHeld = await eventually(within: .seconds(20)) {
            world.status?.source.tip?.hex == commit && world.status?.source.held?.contains(words) ?? false
        }
        #expect(isHeld, "\(world.status?.source.held ?? world.status?.source.problem ?? "-")", sourceLocation: location)
        #expect(world.status?.revision?.hex == revision, sourceLocation: location)
    }

    /// The lines of the seal that the service proposes.
    func proposedSeal() -> String {
        let parts = (world.status?.source.held ?? "").split(separator: "--trailer '").dropFirst()
        return "Seal\n\n" + parts.compactMap { $0.split(separator: "'").first.map { "\($0)\n" } }.joined()
    }

    /// Ends the service, takes everything that it remembers away, and starts it again.
    func forget(_ daemon: Daemon) async throws {
        daemon.stop(SIGTERM)
        for part in ["mirror.git", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "status.json"] {
            try? FileManager.default.removeItem(atPath: world.state.path + "/" + part)
        }
        try daemon.start()
    }

    /// The manifest of the site with another command.
    func failing(_ extra: String = "") throws -> String {
        let text = try String(contentsOfFile: world.work + "/manifests/web/web.yaml", encoding: .utf8)
        return text.replacing("command: [busybox, httpd,", with: "command: [busybox, \"false\",") + extra
    }
}
