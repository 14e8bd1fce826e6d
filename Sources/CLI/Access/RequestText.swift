import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewModel
import Foundation

/// A request as an approver reads it: what it says, what that gives, and the very bytes.
struct RequestText {
    let grant: Grant
    let path: String
    private let blob: ObjectID
    private let text: String

    /// Reads the blob, whose content the object database has checked against its id.
    init(_ name: Name, _ blob: ObjectID, at commit: ObjectID, in clone: WorkingClone) throws {
        let tree = try LocalRepository(path: clone.objects).tree(at: commit)
        let grants = try DesiredStateLoader(runtimes: [:], enforcesPolicies: true).loadGrants(tree)
        guard let file = grants.files.first(where: { $0.blob == blob && $0.grant.name == name }) else {
            let first = grants.broken.first { $0.blob == blob }?.diagnostics.first
            throw GitError(
                .invalid, operation: "approve", subject: name.rawValue, first.map { "\($0)" } ?? "its file cannot be read")
        }
        guard case .value(let bytes) = try tree.withBlob(blob, limit: 1 << 20, { Array($0) }) else {
            throw GitError(.invalid, operation: "approve", subject: name.rawValue, "its file is too large")
        }
        (grant, path, self.blob) = (file.grant, "grants/\(name).yaml", blob)
        text = String(decoding: bytes, as: UTF8.self)
    }

    func lines(_ view: PolicyView, root: ObjectID) -> [String] {
        var lines = [
            "grant     \(grant.name), blob \(blob.hex)", "for       \(grant.person)", "role      \(grant.role)",
            "duration  \(grant.duration)\(grant.notBefore.map { ", not before \($0.text)" } ?? "")",
            "reason    \(grant.reason.escapingControls)",
        ]
        if grant.breakGlass { lines.append("kind      BREAK-GLASS: at once, without approval before") }
        if let role = view.policies.set.roles[grant.role] {
            for bind in role.binds {
                let with = bind.with.sorted { $0.key < $1.key }.map { "\($0.key): \(Self.words($0.value))" }
                lines.append(
                    "gives     \(bind.backend)\(with.isEmpty ? "" : ": ")\(with.joined(separator: ", "))".escapingControls)
            }
            let touches = role.touches.map(\.rawValue).joined(separator: ", ")
            if !touches.isEmpty { lines.append("replaces  \(touches) (\(role.replace.rawValue))") }
        } else {
            lines.append("gives     nothing: there is no role \(grant.role) in policies/")
        }
        let choices = AccessQuery.whoCan(grant.role, in: view.policies.set).filter { $0.person == grant.person }
        lines += choices.map { "policy    \($0.policy): at most \($0.maxDuration), approvals needed: \($0.approvals)" }
        if choices.isEmpty { lines.append("policy    none lets \(grant.person) have it; a merge would be refused") }
        lines += ["in        the repository of \(root.hex), \(path):", ""]
        lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + String($0).escapingControls }
        return lines
    }

    private static func words(_ setting: Setting) -> String {
        switch setting {
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .bool(let value): "\(value)"
        case .list(let items): "[" + items.map(words).joined(separator: ", ") + "]"
        }
    }
}

/// A change as an approver reads it: who, what it is called, and which paths.
struct ChangeText {
    private let commit: ObjectID
    private let facts: [String]
    private let paths: [String]
    private static let most = 200

    init(_ commit: ObjectID, in clone: WorkingClone) async throws {
        self.commit = commit
        let shown = try await clone.git([
            "show", "--no-patch", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--format=%an <%ae>%n%cn <%ce>%n%s",
            commit.hex,
        ])
        facts = shown.split(separator: "\n", omittingEmptySubsequences: false).map { String($0.prefix(200)).escapingControls }
        let listed = try await clone.git([
            "diff-tree", "-r", "-z", "-m", "--first-parent", "--root", "--no-commit-id", "--name-status", "--no-renames",
            "--no-ext-diff", "--no-textconv", commit.hex,
        ])
        let words = listed.split(separator: "\0").map(String.init)
        paths = stride(from: 0, to: words.count - 1, by: 2).map { "\(words[$0]) \(words[$0 + 1].escapingControls)" }
    }

    func lines(root: ObjectID) -> [String] {
        let names = ["author    ", "committer ", "subject   "]
        var lines = ["commit    \(commit.hex)"] + zip(names, facts).map { $0 + $1 }
        lines += paths.prefix(Self.most).map { "changes   \($0)" }
        if paths.count > Self.most { lines.append("changes   and \(paths.count - Self.most) more") }
        return lines + ["in        the repository of \(root.hex)"]
    }
}
