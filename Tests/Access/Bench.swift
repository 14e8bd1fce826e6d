import CurfewDesiredState
import CurfewDrivers
import CurfewGates
import CurfewGitSource
import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation

@testable import CurfewDaemon

/// The part that keeps grants, with backends in memory and no repository.
final class Bench: Sendable {
    let scratch: Scratch
    let journal: Journal
    let board = StatusBoard()
    let backends: [FaultyBackend]
    let keeper: AccessKeeper

    init(_ backends: [FaultyBackend], opening: Bool = true) throws {
        scratch = try Scratch("access")
        journal = try Journal(path: scratch.file("journal.sqlite"))
        self.backends = backends
        let mirror = Mirror(path: scratch.file("none.git"), location: RepositoryLocation(url: "/nowhere"), worker: [])
        let loader = DesiredStateLoader(runtimes: [:], enforcesPolicies: true)
        let trust = TrustKeeper(mirror: mirror, loader: loader, rules: TrustRules(owners: []), root: nil)
        var parts = AccessKeeper.Parts(
            trust: trust, push: OwnPush(trust: trust, clock: .system), mirror: mirror,
            backends: [:], removesForeign: [], journal: journal,
            taints: Taints(journal), quarantine: Quarantine(folder: scratch.path, trap: nil, now: { WallClock.system.now }),
            clock: AccessClock(.system, floor: nil), cipher: CredentialCipher(), telemetry: Telemetry(), board: board,
            landed: {}, changed: { _, _ in })
        for backend in backends { parts.backends[backend.name] = backend }
        if opening {
            for backend in backends { parts.opens[backend.name] = { try await backend.open() } }
        }
        keeper = AccessKeeper(parts)
    }

    /// Runs `body` beside it; lets go of what hangs in the end.
    func run(_ body: () async throws -> Void) async throws {
        let running = Task { await keeper.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        running.cancel()
        await running.value
        for backend in backends { backend.release() }
        try result.get()
    }

    static func id(_ number: Int) -> GrantID {
        let hex = String(number + 1, radix: 16)
        let blob =
            ObjectID(String(repeating: "0", count: 40 - hex.count) + hex)
            ?? ObjectID(String(repeating: "0", count: 40)).unsafelyUnwrapped
        return GrantID(name: Name("grant-\(number)") ?? Name(literal: "grant"), blob: blob)
    }

    static func file(_ number: Int) -> GrantFile {
        let id = id(number)
        return GrantFile(
            grant: Grant(
                name: id.name, person: Name(literal: "alice"), role: Name(literal: "role"), duration: .seconds(60), reason: "x"),
            path: RepositoryPath("grants/\(id.name).yaml"), blob: id.blob)
    }

    /// A grant that was given on these backends.
    static func live(_ number: Int, on backends: [FaultyBackend], until end: Instant) -> GrantRecord {
        var record = GrantRecord(file(number), firstSeen: end + .seconds(-60))
        (record.phase, record.start, record.end) = (.given, end + .seconds(-60), end)
        record.backends = backends.map(\.name)
        return record
    }
}

extension AccessKeeper {
    func plant(_ records: [GrantRecord]) { for record in records { store[record.id] = record } }

    /// Lets a grant begin now, on these backends.
    func begin(_ number: Int, on backends: [FaultyBackend], until end: Instant) {
        let file = Bench.file(number)
        let role = Role(name: file.grant.role, binds: backends.map { Bind(backend: $0.name) })
        policies.set = PolicySet(persons: [Person(name: file.grant.person, emails: [])], roles: [role])
        store[file.id] = GrantRecord(file, firstSeen: end + .seconds(-60))
        let claim = CommitFacts.Claim(name: "alice", email: "alice@example.org", at: end + .seconds(-60))
        let commit = CommitFacts(
            id: file.blob, parents: [], author: claim, committer: claim, message: "", signature: .none, changes: [])
        cases[file.id] = GrantCase(file: file, step: BranchStep(commit: commit), firstSeen: end + .seconds(-60))
        verdicts[file.id] = GrantVerdict(id: file.id, state: .active(start: end + .seconds(-60), end: end), gates: [])
        alarm.ring()
    }

    func phase(of id: GrantID) -> GrantRecord.Phase? { store[id]?.phase }
}
