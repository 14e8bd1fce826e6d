/// Everything that should run, put together from the bundles of one or (where bundles are held) several revisions.
public struct DesiredState: Sendable {
    /// The tip that this was made for.
    public var revision: ObjectID
    /// Every workload that should run, by name.
    public var workloads: [Name: DesiredWorkload]
    /// Bundles that could not be taken from ``revision`` and stay at an older one (or at nothing).
    public var held: [HeldBundle]
    /// Trailer `Curfew-Allow-Prune: yes` on ``revision``.
    public var allowsPrune: Bool

    /// Makes a desired state.
    public init(revision: ObjectID, workloads: [Name: DesiredWorkload], held: [HeldBundle] = [], allowsPrune: Bool = false) {
        (self.revision, self.workloads, self.held, self.allowsPrune) = (revision, workloads, held, allowsPrune)
    }
}

/// A workload with what the planner has to know about it.
public struct DesiredWorkload: Hashable, Sendable {
    /// The workload.
    public var workload: Workload
    /// Digest of what shapes its instances.
    public var generation: Generation
    /// Digest of each part of the generation.
    public var parts: GenerationParts
    /// The bundle that it is in.
    public var bundle: Name
    /// The revision that its bundle stands at.
    public var revision: ObjectID

    /// Makes a desired workload.
    public init(workload: Workload, generation: Generation, parts: GenerationParts, bundle: Name, revision: ObjectID) {
        (self.workload, self.generation, self.parts, self.bundle, self.revision) = (
            workload, generation, parts, bundle, revision
        )
    }
}

/// A bundle that waits.
public struct HeldBundle: Hashable, Sendable, Codable {
    /// Its name.
    public var bundle: Name
    /// The revision that it stays at, `nil` when it was never good.
    public var lastGood: ObjectID?
    /// Why: its own mistakes, or the bundle it waits for.
    public var diagnostics: [Diagnostic]
    /// Workloads named in the held version, whose instances must not be pruned although nothing good names them.
    public var keeps: [Name]

    /// Makes a held bundle.
    public init(bundle: Name, lastGood: ObjectID?, diagnostics: [Diagnostic], keeps: [Name] = []) {
        (self.bundle, self.lastGood, self.diagnostics, self.keeps) = (bundle, lastGood, diagnostics, keeps)
    }
}
