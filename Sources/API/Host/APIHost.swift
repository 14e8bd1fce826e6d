public import CurfewModel
public import CurfewViews

/// What the API needs of the service behind it. Nothing here changes desired state or gives access: those come from Git.
public protocol APIHost: Sendable {
    /// How everything stands. Cheap: no driver is asked.
    func status() async -> StatusView
    /// What is being done and what is held.
    func plan() async -> PlanView
    /// Whether the loop turns and the journal can be written.
    func health() async -> HealthView
    /// All metrics in Prometheus' text format.
    func metrics() async -> String
    /// The last lines of each instance of a workload, `nil` when nothing of that name has written anything.
    /// - Parameter lines: 1 to 10,000, of each instance.
    /// - Throws: what the engine says.
    func logs(of workload: Name, lines: Int) async throws -> [LogLine]?
    /// The newest commits of the branch, newest first, along first parents.
    func commits(limit: Int) async throws -> [CommitView]
    /// The bytes of a session's recording (asciicast), `nil` when there is none of that id.
    /// - Parameter id: letters, digits and `-`.
    func recording(_ id: String) async throws -> [UInt8]?
    /// Stops changing anything, as `curfew pause`. `by` is shown in the status.
    func pause(by: String) async throws
    /// Goes on, as `curfew resume`.
    func resume(by: String) async throws
    /// Looks at the branch and at the control files now.
    func sync() async
    /// Tries everything that failed and waits for its next try now, as SIGHUP does.
    func retry() async
    /// Counts an answer: the route's template, the method and the status code.
    func answered(_ route: String, _ method: String, _ code: Int) async
    /// Writes who asked for what into the audit trail.
    func note(_ kind: String, _ message: String, _ details: [String: String]) async
}

/// One line that an instance wrote.
public struct LogLine: Sendable, Hashable {
    /// Who wrote it.
    public var instance: String
    /// The line as it was written, without its end; hostile text.
    public var text: String
    /// Makes a line.
    public init(instance: String, text: String) { (self.instance, self.text) = (instance, text) }
}
