import CurfewModel

/// What Curfew's own key may do: take grants off, and take failed deploys back.
extension TrustJudge {
    func ownCommit() -> TrustVerdict {
        let what = "commit \(step.commit.id.short)"
        if case .refused(let why) = signing.signer(of: step.commit.signature, what) { return .refused(reasons: [why]) }
        let faults = unreadable()
        guard faults.isEmpty else { return .refused(reasons: faults) }
        let stolen = "that key may be stolen: replace it, and have an owner seal the branch"
        guard own.origin != .unknown else {
            return .refused(reasons: [
                "\(what) is signed by Curfew's own key, and this Curfew has not made it; \(stolen) (where another Curfew with this key has followed the branch meanwhile, a seal is enough)"
            ])
        }
        guard step.commit.parents.count == 1, step.merged.isEmpty, endsGrants || takesDeployBack else {
            let why = own.objection.map { ": \($0)" } ?? ""
            return .refused(reasons: [
                "\(what) is signed by Curfew's own key and does more than take grants off or revert a deploy exactly\(why); \(stolen)"
            ])
        }
        // What the record knows was judged before it was pushed: a freeze that has begun since must not hold the branch.
        if own.origin == .branch, !endsGrants {
            let waits = freezes(of: Set(step.commit.changes.map(\.path)))
            if let until = waits.map(\.until).max() { return .waits(until: until, reasons: waits.map(\.reason)) }
        }
        return .accepted(signer: nil, approvedBy: [])
    }

    private var endsGrants: Bool {
        !step.commit.changes.isEmpty && step.commit.changes.allSatisfy { $0.new == nil && $0.isIn("grants") }
    }

    /// A revert of a change of policies, or of the end of a grant, would give what was taken.
    private var takesDeployBack: Bool {
        own.takesBack != nil && !step.commit.changes.isEmpty
            && step.commit.changes.allSatisfy { !$0.isIn("policies") && !$0.isIn("grants") }
    }
}
