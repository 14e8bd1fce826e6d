public import CurfewModel

/// Where instances run. Small on purpose: what a runtime must do is here, what it may do is in ``RuntimeCapabilities``.
///
/// Everything is level-triggered and idempotent: starting an id that exists, or stopping one that is gone, succeeds.
/// A process may die between any two calls; the next ``observe()`` tells what became of it.
public protocol Runtime: Sendable {
    /// The name in the service's configuration.
    var name: Name { get }
    /// What it can do.
    var capabilities: RuntimeCapabilities { get }

    /// Takes over what is there and begins to watch. Idempotent; called once the service owns its state folder. Before
    /// it, only ``observe()`` and ``logTail(_:lines:)`` may be called, and they change nothing.
    /// - Throws: ``DriverError`` when it can never work here. One that does not answer just now is no reason.
    func open() async throws
    /// Stops watching. Instances run on.
    func shutdown() async

    /// Everything that wears our mark, running or not, ours or not. Never an empty list because of a failure: that throws.
    func observe() async throws -> [ObservedInstance]

    /// Fetches and unpacks what the instances of this workload are made from. Slow, repeatable, changes nothing that runs.
    func prepare(_ workload: DesiredWorkload) async throws

    /// Makes and starts one instance. Returns once it has been started, not once it is healthy.
    func start(_ id: InstanceID, of workload: DesiredWorkload) async throws -> ObservedInstance

    /// Asks the instance to end, ends it after `grace`, and removes all that it left. Done when it is gone.
    func stop(_ id: InstanceID, grace: Span) async throws

    /// Runs a command in a sandbox equal to the instance's (same files, environment and limits); returns its exit code.
    /// Throws ``DriverError`` with code `noInstance` when it is not one of this runtime's.
    func run(_ command: [String], beside id: InstanceID, timeout: Span) async throws -> Int32

    /// The last lines that the instance wrote, oldest first; works for an instance that has ended and not been removed.
    func logTail(_ id: InstanceID, lines: Int) async throws -> [String]

    /// Removes artifacts that neither run nor belong to one of `keeping`; returns how many.
    func collectGarbage(keeping artifacts: Set<String>) async throws -> Int

    /// Something may have changed: an instance has ended. A hint to observe, never the truth itself.
    var events: AsyncStream<RuntimeEvent> { get }
}

extension Runtime {
    /// Most have nothing to take over.
    public func open() async throws {}
    /// Most watch nothing.
    public func shutdown() async {}
}

/// A hint that something has changed.
public struct RuntimeEvent: Sendable, Hashable {
    /// The runtime.
    public var runtime: Name
    /// The instance, if known.
    public var instance: InstanceID?
    /// What was seen, in words.
    public var detail: String
    /// Makes an event.
    public init(runtime: Name, instance: InstanceID? = nil, detail: String) {
        (self.runtime, self.instance, self.detail) = (runtime, instance, detail)
    }
}

/// Gives a runtime the files of an artifact that lies in the repository. A port, implemented by GitSource.
public protocol ArtifactSource: Sendable {
    /// Writes the tree's files below `folder`, which exists and is empty. Symlinks that leave the tree, submodules and
    /// names that are no plain path component are refused; at most `limit` bytes are written.
    func checkOut(tree: ObjectID, into folder: String, limit: ByteCount) async throws

    /// The bytes of a file of the repository, at most `limit`.
    func blob(_ id: ObjectID, limit: ByteCount) async throws -> [UInt8]
}

extension ArtifactSource {
    /// Most sources have only folders.
    public func blob(_ id: ObjectID, limit: ByteCount) async throws -> [UInt8] {
        throw DriverError(.unsupported, operation: "read", subject: id.short, "there are no single files here")
    }
}
