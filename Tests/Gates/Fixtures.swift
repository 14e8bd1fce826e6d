import CurfewGates
import CurfewModel
import Foundation

/// Builds histories out of words. Keys are made up and valid in form; whether a signature is good is an input here.
enum Make {
    static let now = Instant(milliseconds: 1_800_000_000_000)

    static func name(_ text: String) -> Name { Name(text) ?? Name(literal: "invalid") }

    static func key(_ owner: String) -> SSHPublicKey {
        var body = Data([0, 0, 0, 11]) + Data("ssh-ed25519".utf8) + Data([0, 0, 0, 32])
        body += Data((owner + String(repeating: ".", count: 32)).utf8.prefix(32))
        guard let key = SSHPublicKey(type: "ssh-ed25519", body: body.base64EncodedString()) else { fatalError("no key") }
        return key
    }

    static func id(_ seed: String) -> ObjectID {
        let digits = seed.utf8.reduce(into: UInt64(14_695_981_039_346_656_037)) { $0 = ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        let hex = String(digits, radix: 16)
        return ObjectID(String((String(repeating: "0", count: 16 - hex.count) + hex + hex + hex + hex).prefix(40)))
            ?? ObjectID(String(repeating: "0", count: 40)).unsafelyUnwrapped
    }

    static func person(_ who: String, keys: [PersonKey]? = nil) -> Person {
        Person(
            name: name(who), emails: ["\(who)@example.org"], signingKeys: keys ?? [PersonKey(key(who))], loginKeys: [key(who)])
    }

    static func claim(_ who: String, at: Instant = now) -> CommitFacts.Claim {
        .init(name: who, email: "\(who)@example.org", at: at)
    }

    static func commit(
        _ seed: String, by who: String, signedBy signer: String? = nil, at: Instant = now, parents: [String] = ["base"],
        message: String = "Change", signature: SignatureCheck? = nil, _ changes: [PathChange]
    ) -> CommitFacts {
        CommitFacts(
            id: id(seed), parents: parents.map(id), author: claim(who, at: at), committer: claim(who, at: at), message: message,
            signature: signature ?? .good(key(signer ?? who)), changes: changes)
    }

    /// A request of one commit on a branch, merged by somebody.
    static func merge(_ work: CommitFacts, by who: String, at: Instant = now, evil: [PathChange] = []) -> BranchStep {
        let taken = work.changes.map {
            PathChange(path: $0.path, old: $0.old, new: $0.new, isPlain: $0.isPlain, isFromMergedParent: true)
        }
        let merge = CommitFacts(
            id: id("merge of \(work.id)"), parents: [id("base"), work.id], author: claim(who, at: at),
            committer: claim(who, at: at), message: "Merge", signature: .good(key(who)), changes: taken + evil)
        return BranchStep(commit: merge, merged: [work])
    }

    static func tag(
        _ subject: String, by who: String, for target: ObjectID, signedBy: String? = nil, at: Instant = now, name: String? = nil
    )
        -> ApprovalTag
    {
        let reference = "approvals/\(subject)/\(who)"
        return ApprovalTag(
            reference: reference, name: name ?? reference, id: id("tag \(subject) \(who) \(target)"),
            tagger: claim(who, at: at),
            message: ApprovalStatement(target: target, root: root, path: "grants/\(subject).yaml").message(title: "Approve"),
            signature: .good(key(signedBy ?? who)))
    }

    /// The approval of a commit.
    static func approval(of commit: ObjectID, by who: String, at: Instant = now) -> ApprovalTag {
        var tag = tag(String(commit.hex.prefix(12)), by: who, for: commit, at: at)
        tag.message = ApprovalStatement(target: commit, root: root, path: nil).message(title: "Approve")
        return tag
    }

    static let root = id("root")

    static let role = Role(name: name("orders-debug"), binds: [Bind(backend: name("bastion"))], touches: [name("orders")])

    static func policies(
        _ change: (inout AccessPolicy) -> Void = { _ in }, changes: [ChangePolicy] = [], people: [Person]? = nil
    ) -> PolicySet {
        var access = AccessPolicy(
            name: name("oncall"), roles: [role.name], eligible: [.team(name("oncall"))], maxDuration: .seconds(7200),
            maxConcurrent: 2, reasonPattern: "^INC-[0-9]+: ", approvals: Quorum(count: 1, from: [.team(name("dba"))]),
            breakGlass: .init(maxDuration: .seconds(1800), reviewWithin: .seconds(86_400)))
        change(&access)
        return PolicySet(
            tree: id("policies"), persons: people ?? ["alice", "bob", "carol", "dave"].map { person($0) },
            teams: [
                Team(name: name("oncall"), members: [.person(name("alice")), .person(name("bob"))]),
                Team(name: name("dba"), members: [.person(name("bob")), .team(name("seniors"))]),
                Team(name: name("seniors"), members: [.person(name("carol")), .person(name("bob"))]),
            ],
            roles: [role], accessPolicies: [access], changePolicies: changes)
    }

    static let rules = TrustRules(owners: [name("dave")], curfewKey: key("curfew"), root: root)

    static func grant(
        _ duration: Span = .seconds(2700), reason: String = "INC-4821: stuck", notBefore: Instant? = nil,
        breakGlass: Bool = false, name text: String = "alice-1", person: String = "alice"
    ) -> GrantFile {
        GrantFile(
            grant: Grant(
                name: name(text), person: name(person), role: role.name, duration: duration, reason: reason,
                notBefore: notBefore,
                breakGlass: breakGlass),
            path: RepositoryPath("grants/\(text).yaml"), blob: id("blob \(text) \(duration) \(reason)"))
    }

    /// The request as its own commit.
    static func request(_ file: GrantFile, by who: String? = nil, at: Instant = now) -> CommitFacts {
        commit(
            "request \(file.id)", by: who ?? file.grant.person.rawValue, at: at,
            [PathChange(path: file.path, old: nil, new: file.blob)])
    }

    static func judge(
        _ cases: [GrantCase], policies: PolicySet = policies(), approvals: [ApprovalTag] = [], running: Set<GrantID> = [],
        bases: [GrantID: PolicySet] = [:], history: BreakGlassHistory = BreakGlassHistory(), parents: PolicySet? = nil,
        now: Instant = now,
        selfExpiring: Bool = true,
        problems: [String] = [], broken: Bool = false
    ) -> [GrantVerdict] {
        GrantGate.judge(
            cases, policies: policies,
            parents: Dictionary(cases.map { ($0.step.commit.id, parents ?? policies) }) { first, _ in first },
            policiesAreBroken: broken, rules: rules,
            backends: [name("bastion"): BackendFacts(selfExpiring: selfExpiring) { _, _ in problems }], approvals: approvals,
            running: running, bases: bases, history: history, now: now)
    }
}
