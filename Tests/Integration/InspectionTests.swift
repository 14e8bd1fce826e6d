import CurfewDaemon
import CurfewDesiredState
import CurfewGates
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// A clone with real signatures, judged by the stages that the service and `curfew check` share.
@Suite struct InspectionTests {
    private let scratch: Scratch
    private let root: ObjectID
    private static let protection = """
        apiVersion: curfew/v1
        kind: ChangePolicy
        metadata: { name: production }
        spec: { paths: ["manifests/**"], authors: [alice] }

        """

    init() async throws {
        scratch = try Scratch("inspection")
        for who in ["alice", "bob"] {
            let made = try await execute(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", who, "-f", scratch.file("\(who).key")])
            guard made.code == 0 else { throw ProgramFailure(command: "ssh-keygen", output: made.errors) }
            let key = try String(contentsOfFile: scratch.file("\(who).key.pub"), encoding: .utf8)
            try scratch.write(
                "work/policies/\(who).yaml",
                """
                apiVersion: curfew/v1
                kind: Person
                metadata: { name: \(who) }
                spec: { emails: [\(who)@example.org], signingKeys: ["\(key.trimmingCharacters(in: .newlines))"] }

                """)
        }
        try scratch.write("work/policies/change.yaml", Self.protection)
        try scratch.write("work/grants/bob-1.yaml", Self.grant)
        try await git("init", "-q", "-b", "main", in: scratch.file("work"))
        root = try await Self.commit("alice", "Begin", scratch)
    }

    private static var grant: String {
        GrantWriter.yaml(
            Grant(
                name: Name(literal: "bob-1"), person: Name(literal: "bob"), role: Name(literal: "debug"),
                duration: .seconds(60),
                reason: "look"))
    }

    private static func commit(_ who: String, _ message: String, _ scratch: Scratch) async throws -> ObjectID {
        let work = scratch.file("work")
        try await git("add", "-A", in: work)
        try await git(
            "-c", "user.email=\(who)@example.org", "-c", "gpg.format=ssh",
            "-c", "user.signingkey=\(scratch.file("\(who).key.pub"))", "commit", "-qS", "-m", message, in: work)
        return try #require(ObjectID(try await git("rev-parse", "HEAD", in: work)))
    }
    private func commit(_ who: String, _ message: String) async throws -> ObjectID {
        try await Self.commit(who, message, scratch)
    }
    private func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: scratch.file("work/\(path)")) }
    private var inspection: Inspection {
        Inspection(objects: scratch.file("work/.git"), rules: TrustRules(owners: [Name(literal: "alice")]))
    }

    @Test func aPolicyThatCannotBeReadGoesOnProtecting() async throws {
        // What of policies/ can still be read does not protect manifests/.
        try scratch.write("work/policies/change.yaml", Self.protection.replacing("ChangePolicy", with: "ChangePolicie"))
        let broken = try await commit("alice", "Break it")
        try scratch.write("work/manifests/web/web.yaml", "x: 1\n")
        _ = try await commit("bob", "Slip in")
        try remove("grants/bob-1.yaml")
        _ = try await commit("bob", "Give back")
        try scratch.write("work/policies/change.yaml", Self.protection)
        let head = try await commit("alice", "Mend")
        let verdicts = try await inspection.steps(from: broken, to: head).map(\.verdict)
        guard verdicts.count == 3, case .refused(let reasons) = verdicts[0] else {
            return #expect(Bool(false), "\(verdicts)")
        }
        #expect(reasons.contains { $0.contains("protected, and policies/ is broken") }, "\(reasons)")
        #expect(verdicts[1] == .accepted(signer: Name(literal: "bob"), approvedBy: []))
        #expect(verdicts[2] == .accepted(signer: Name(literal: "alice"), approvedBy: []))
    }

    @Test func aGrantThatIsBroughtBackIsToldAsSpent() async throws {
        try remove("grants/bob-1.yaml")
        let gone = try await commit("alice", "Revert")
        try scratch.write("work/grants/bob-1.yaml", Self.grant)
        let back = try await commit("bob", "Again")
        func isSpent(_ head: ObjectID, onto branch: ObjectID) async throws -> Bool {
            try await inspection.grants(at: head, onto: branch, backends: nil).contains {
                $0.gates.contains { $0.gate == "replay" }
            }
        }
        #expect(try await !isSpent(root, onto: root))
        // As a request that is to be merged, and on the branch already.
        #expect(try await isSpent(back, onto: gone))
        #expect(try await isSpent(back, onto: back))
        // A request that began before the first one was reverted.
        #expect(try await isSpent(root, onto: gone))
    }
}
