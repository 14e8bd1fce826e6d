internal import CurfewModel

extension ComposeReader {
    /// `update_config` as a rollout.
    func update(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        var surge = 1
        for field in fields(node, path) {
            let (value, place) = (field.value, "\(path).\(field.key)")
            switch field.key {
            case "parallelism": surge = integer(value, place) ?? 1
            case "order":
                if text(value, place) != "start-first" {
                    note(
                        value, place,
                        "'stop-first' is not carried over: the new instance is there before the old one goes; write strategy: recreate if the two must not meet"
                    )
                }
            case "failure_action":
                let action = text(value, place)
                draft.workload.rollout.onFailure = action == "rollback" ? .revert : .hold
                if action == "continue" { note(value, place, "'continue' is not carried over: a rollout that fails is held") }
            case "delay", "monitor", "max_failure_ratio":
                note(
                    value, place,
                    "is not carried over: an instance has to be healthy before the next, and one that fails ends the rollout")
            default:
                unknown(
                    field, path, among: ["parallelism", "order", "failure_action", "delay", "monitor", "max_failure_ratio"])
            }
        }
        // No parallelism (0) is all at once, as blue-green is.
        guard surge > 0 else { return }
        draft.workload.rollout.strategy = .rolling(surge: min(surge, WorkloadRules.surge.upperBound))
    }

    func drain(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        guard let grace = span(node, path) else { return }
        draft.workload.rollout.drain = min(grace, WorkloadRules.drain.upperBound)
        if grace > WorkloadRules.drain.upperBound {
            note(node, path, "is set to \(WorkloadRules.drain.upperBound), the longest there is")
        }
    }

    /// What the other fields mean for the rollout.
    func rollout(_ draft: inout ComposeDraft) {
        if draft.hasVolume {
            draft.workload.rollout.strategy = .recreate
            note(
                draft.node["volumes"] ?? draft.node, "\(draft.path).volumes",
                "strategy is 'recreate', as with Compose: the old instance ends before the new one starts, since two would write to one volume; take it out if the program can do that"
            )
        }
        // The rollout has to wait for as long as an instance may take to become healthy.
        if let startup = draft.workload.health?.startup {
            let needed = min(Span(milliseconds: startup.milliseconds + 30_000), WorkloadRules.deadline.upperBound)
            draft.workload.rollout.deadline = max(draft.workload.rollout.deadline, needed)
        }
    }
}
