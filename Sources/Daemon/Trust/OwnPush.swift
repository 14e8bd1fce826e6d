import CurfewGates
import CurfewGitSource
import CurfewModel

/// Judges what Curfew is about to push, as a service would that knows nothing but the branch. What would be refused is never
/// pushed: it would hold the branch, and look like a stolen key.
struct OwnPush: Sendable {
    /// `nil` with `trust.mode: none`: nothing is judged there.
    let trust: TrustKeeper?
    let clock: WallClock

    /// Why a commit is not pushed.
    struct Refusal: Error, CustomStringConvertible {
        var reasons: [String]
        /// When it may be, `nil` = not as it is.
        var until: Instant?
        var description: String {
            (until.map { "it has to wait until \($0.text): " } ?? "Curfew's own judge would refuse it: ")
                + reasons.joined(separator: "; ")
        }
    }

    /// Judges a commit by the policies of its parent, and writes down that it is Curfew's own.
    /// - Throws: ``Refusal``, or what went wrong; then it must not be pushed.
    func admit(_ commit: ObjectID) async throws {
        guard let trust else { return }
        guard let parent = try await trust.mirror.commit(commit).parents.first else {
            throw Refusal(reasons: ["it has no parent"])
        }
        switch try await trust.judge(commit, parent: parent, approvals: [], origin: .branch, now: clock.now) {
        case .accepted(let signer, _):
            guard signer == nil else { throw Refusal(reasons: ["it is not signed by Curfew's own key"]) }
            try await trust.record.remember(commit)
        case .waits(let until, let reasons): throw Refusal(reasons: reasons, until: until)
        case .refused(let reasons): throw Refusal(reasons: reasons)
        }
    }
}
