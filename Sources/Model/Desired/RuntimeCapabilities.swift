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
    /// Whether its instances are containers: everything of ``ContainerOptions`` but the placement, ports of the image's own,
    /// mounts in memory, the image's own health check.
    public var containers = false
    /// Secrets as files.
    public var secrets = false
    /// Several hosts to choose from.
    public var placement = false
    /// Images by tag, whose digests it finds out.
    public var resolvesTags = false
    /// Whether a named volume stays on the host where it was made, so that what uses it has to be placed there.
    public var volumesArePinned = false
    /// Why it runs no commands as health checks; `nil` = it does.
    public var missingCommandProbes: String?
    /// Why it takes no artifact of some kind, for the error; by kind.
    public var missingArtifacts: [ArtifactKind: String] = [:]

    /// Makes capabilities.
    public init(artifacts: Set<ArtifactKind>, limits: Set<String>, missingLimits: [String: String] = [:], volumes: Bool) {
        (self.artifacts, self.limits, self.missingLimits, self.volumes) = (artifacts, limits, missingLimits, volumes)
    }
}
