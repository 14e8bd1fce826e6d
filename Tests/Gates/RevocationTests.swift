import CurfewGates
import CurfewModel
import Testing

/// Nothing delays what takes a grant off.
@Suite struct RevocationTests {
    private let end = PathChange(path: "grants/alice-1.yaml", old: Make.id("g"), new: nil)
    private var everything: ChangePolicy {
        ChangePolicy(
            name: Make.name("everything"), paths: ["**"], authors: [.team(Make.name("oncall"))],
            approvals: Quorum(count: 1, from: [.person(Make.name("carol"))]))
    }

    private func judge(
        _ changes: [PathChange], by who: String = "alice", _ policies: [ChangePolicy], broken: Bool = false
    ) -> TrustVerdict {
        TrustGate.judge(
            BranchStep(commit: Make.commit("1", by: who, changes)), policies: Make.policies(changes: policies),
            policiesAreBroken: broken, rules: Make.rules, approvals: [], now: Make.now)
    }

    @Test(arguments: [false, true]) func anybodyKnownTakesAGrantOff(_ broken: Bool) {
        for who in ["alice", "carol"] {
            let found = judge([end], by: who, [everything], broken: broken)
            #expect(found == .accepted(signer: Make.name(who), approvedBy: []), "\(found)")
        }
        guard case .refused = judge([end], by: "mallory", [], broken: broken) else {
            return #expect(Bool(false), "a stranger ended it")
        }
    }

    @Test func noFreezeAndNoWindowDelaysIt() {
        var frozen = everything
        frozen.approvals = Quorum()
        frozen.freezes = [.init(from: Make.now, to: Make.now + .seconds(60), reason: "year end")]
        frozen.windows = [TimeWindow(days: [.mon])]
        let found = judge([end], [frozen])
        #expect(found == .accepted(signer: Make.name("alice"), approvedBy: []), "\(found)")
    }

    @Test func whatElseIsInTheCommitIsJudged() {
        let web = PathChange(path: "manifests/web/web.yaml", old: Make.id("a"), new: Make.id("b"))
        let edit = PathChange(path: "grants/alice-1.yaml", old: Make.id("g"), new: Make.id("h"))
        for changes in [[end, web], [edit]] {
            guard case .refused(let reasons) = judge(changes, [everything]) else {
                Issue.record("taken: \(changes)")
                continue
            }
            #expect(reasons.contains { $0.contains("needs 1 approvals") })
        }
    }

    @Test(arguments: ["grants-archive/x", "policies-old/x", "grantsx", "docs/grants/x"])
    func foldersThatOnlyBeginAlikeAreOrdinary(_ path: String) {
        let link = PathChange(path: RepositoryPath(path), old: nil, new: Make.id("l"), isPlain: false)
        let found = judge([link], [])
        #expect(found == .accepted(signer: Make.name("alice"), approvedBy: []), "\(found)")
    }

    @Test(arguments: ["grants", "policies", "grants/x", "policies/x"])
    func noLinkStandsInTheirPlace(_ path: String) {
        let link = PathChange(path: RepositoryPath(path), old: nil, new: Make.id("l"), isPlain: false)
        guard case .refused(let reasons) = judge([link], by: "dave", []) else { return #expect(Bool(false), "taken") }
        #expect(reasons.contains { $0.contains("plain files") })
    }
}
