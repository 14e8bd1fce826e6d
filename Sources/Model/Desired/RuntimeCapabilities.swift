/// What a runtime can do; a manifest that needs more is refused with the reason, when it is validated.
public struct RuntimeCapabilities: Sendable, Hashable {
    /// Kinds of artifact.
    public enum ArtifactKind: String, Sendable, CaseIterable { case tree, url, image, none }
    /// Artifacts that it can run.
    public var artifacts: Set<ArtifactKind>
    /// Limits that it can hold, as field names of `resources` (`cpu`, `memory`, `pids`).
    public var limits: Set<String>
    /// Why a limit that is missing from ``limits`` cannot be held here, by field name.
    public var missingLimits: [String: String]
    /// Named volumes.
    public var volumes: Bool

    /// Makes capabilities.
    public init(artifacts: Set<ArtifactKind>, limits: Set<String>, missingLimits: [String: String] = [:], volumes: Bool) {
        (self.artifacts, self.limits, self.missingLimits, self.volumes) = (artifacts, limits, missingLimits, volumes)
    }
}
