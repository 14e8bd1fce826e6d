import CurfewModel
import Testing

@testable import CurfewGates

/// What a commit may not be, whoever signed it.
@Suite struct ObjectRuleTests {
    private func reasons(_ commit: CommitFacts, _ policies: [ChangePolicy] = []) -> [String] {
        let verdict = TrustGate.judge(
            BranchStep(commit: commit), policies: Make.policies(changes: policies), policiesAreBroken: false, rules: Make.rules,
            approvals: [], now: Make.now)
        if case .refused(let reasons) = verdict { return reasons }
        return []
    }

    private func change(_ path: RepositoryPath) -> PathChange { PathChange(path: path, old: nil, new: Make.id("x")) }

    @Test func whatCannotBeReadIsRefused() {
        var commit = Make.commit("1", by: "dave", [change("docs/a")])
        #expect(reasons(commit).isEmpty)
        commit.problems = ["it has 99 bytes"]
        #expect(reasons(commit).contains { $0.contains("it has 99 bytes") })
    }

    @Test(arguments: [
        "policies/\u{301}x.yaml", "policies/a b/x.yaml", "policies/README \u{E9}.md", "grants/\u{1F1E6}.yaml",
        "manifests/web/\u{301}x.yaml", "manifests/a b.yml",
    ])
    func oddNamesAreRefused(_ path: String) {
        #expect(reasons(Make.commit("1", by: "dave", [change(RepositoryPath(path))])).contains { $0.contains("rename it") })
    }

    @Test(arguments: ["manifests/web/site/caf\u{E9}.png", "docs/a b.yaml", "sites/\u{301}x.yaml"])
    func artifactsAreCalledAsTheyLike(_ path: String) {
        #expect(reasons(Make.commit("1", by: "dave", [change(RepositoryPath(path))])).isEmpty)
    }

    @Test func bytesThatAreNoTextAreRefusedToo() {
        let path = RepositoryPath(bytes: Array("policies/".utf8) + [0xFF] + Array(".yaml".utf8))
        #expect(reasons(Make.commit("1", by: "dave", [change(path)])).contains { $0.contains("\\xff") })
    }
}
