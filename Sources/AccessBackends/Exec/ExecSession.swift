public import CurfewModel

/// Somebody's session, as far as the backend has to know it.
public protocol ExecSession: Sendable {
    /// Unique for ever; its recording carries it too.
    var id: String { get }
    /// The grant that lets them in.
    var grant: GrantID { get }
    /// Ends it now. Returns when it has ended, or after some seconds when the engine does not answer.
    func cut(_ why: String) async
}

/// A session that wants to begin.
public struct ExecEntry: Sendable {
    /// The grant that is to let them in.
    public var grant: GrantID
    /// The workload.
    public var workload: Name
    /// The instance.
    public var instance: InstanceID
    /// The argument vector.
    public var command: [String]

    /// Makes one.
    public init(grant: GrantID, workload: Name, instance: InstanceID, command: [String]) {
        (self.grant, self.workload, self.instance, self.command) = (grant, workload, instance, command)
    }
}
