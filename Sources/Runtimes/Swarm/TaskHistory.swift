import CurfewDockerAPI
import CurfewModel

/// What the tasks of one service mean for its instance. The swarm makes a new task when a node is lost or emptied: then the
/// instance goes on elsewhere. It does so as well when a task has failed: then the instance has ended, for ever, whatever
/// the swarm tries next.
struct TaskHistory {
    /// The task that speaks for the instance: the one that ended, or else the newest; `nil` when there is none yet.
    let task: SwarmTask?
    let state: ObservedInstance.State

    /// - Parameter moved: tasks that are known to have been given up while they ran.
    init(_ tasks: [SwarmTask], moved: Set<String> = []) {
        let line = tasks.map { (task: $0, begin: SwarmTask.milliseconds($0.CreatedAt) ?? 0) }
            .sorted { ($0.begin, $0.task.ID) < ($1.begin, $1.task.ID) }
        for (index, entry) in line.enumerated() where Self.hasEnded(entry.task) && !moved.contains(entry.task.ID) {
            let next = index + 1 < line.count ? line[index + 1].begin : nil
            guard Self.ended(entry.task, before: next) else { continue }
            (task, state) = (entry.task, .exited(code: Self.code(entry.task)))
            return
        }
        guard let newest = line.last?.task else {
            (task, state) = (nil, .starting)
            return
        }
        task = newest
        state =
            switch newest.Status.State {
            case "running": .running
            case "shutdown", "orphaned", "remove": .exited(code: nil)
            // Given up while it ran, and none follows: its service was told to have no task.
            case "complete", "failed", "rejected": .exited(code: Self.code(newest))
            default: .starting
            }
    }

    /// Whether a task was given up by the swarm while it ran: its node is lost, or is being emptied.
    static func isGivenUp(_ task: SwarmTask) -> Bool {
        task.DesiredState == "shutdown" && ["starting", "running"].contains(task.Status.State)
    }

    private static func hasEnded(_ task: SwarmTask) -> Bool { ["complete", "failed", "rejected"].contains(task.Status.State) }

    /// Whether a task had ended before the next one was made. One whose node came back ends afterwards. The node's clock or
    /// the managers' may tell; a task's entry is touched again a moment after its end.
    private static func ended(_ task: SwarmTask, before next: Int64?) -> Bool {
        guard let next else { return true }
        let end = SwarmTask.milliseconds(task.Status.Timestamp) ?? 0
        let touched = SwarmTask.milliseconds(task.UpdatedAt) ?? 0
        return end <= next || touched <= next + 1000
    }

    private static func code(_ task: SwarmTask) -> Int32? {
        if task.Status.State == "rejected" { return nil }
        return task.Status.ContainerStatus?.ExitCode.map { Int32(clamping: $0) }
    }

    /// What the swarm says of a task that cannot go on, for people; `nil` when there is no more to say than its exit code.
    static func reason(_ task: SwarmTask) -> String? {
        guard let text = task.Status.Err, !text.isEmpty else { return nil }
        if text.hasPrefix("task: non-zero exit ("), text.hasSuffix(")") { return nil }
        return String(text.prefix(500)).escapingControls
    }
}
