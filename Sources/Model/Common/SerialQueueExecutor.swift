internal import Dispatch

/// Runs an actor's jobs on a queue of its own, so that a slow disk blocks that queue's thread and never one of the
/// few threads that all other tasks share.
public final class SerialQueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// Makes a queue; `label` shows in debuggers.
    public init(label: String) { queue = DispatchQueue(label: label) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
