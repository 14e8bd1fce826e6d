public import CurfewModel

/// How the way in is set up.
public struct ExecBackendConfiguration: Sendable, Hashable {
    /// What roles call it.
    public var name: Name
    /// Where it keeps who may go in; absolute, this backend's own. Losing it ends every way in.
    public var folder: String
    /// The runtime whose instances are entered.
    public var runtime: Name
    /// Whether what people type is recorded beside what they see.
    public var recordsInput: Bool
    /// Where the service listens, when `curfew exec` has to be told; shown in the command that people copy.
    public var socket: String?

    /// Makes a configuration with the documented defaults.
    public init(name: Name, folder: String, runtime: Name, recordsInput: Bool = true) {
        (self.name, self.folder, self.runtime, self.recordsInput) = (name, folder, runtime, recordsInput)
    }
}
