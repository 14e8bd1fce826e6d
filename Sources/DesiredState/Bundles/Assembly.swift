public import CurfewModel

/// The desired state of a revision: good bundles from it, the others from where they were good last.
public struct Assembly: Sendable {
    /// What should run.
    public var desired: DesiredState
    /// Bundles taken from this revision, by name.
    public var good: [Name]
    /// Everything that is wrong, in bundles, between them and outside, by file, line and column.
    public var diagnostics: [Diagnostic]
    /// Images by tag whose digest nobody knows yet; their bundles are held.
    public var unresolved: [ImageTag] = []

    /// Makes an assembly.
    public init(desired: DesiredState, good: [Name], diagnostics: [Diagnostic]) {
        (self.desired, self.good, self.diagnostics) = (desired, good, diagnostics)
    }
}

/// Puts the bundles of a revision together, each whole or not at all. Pure.
///
/// - Parameters:
///   - lastGood: the last version of each bundle that an assembly took; what is held stays there.
///   - allowsPrune: the revision's commit carries `Curfew-Allow-Prune: yes`.
public func assemble(_ revision: LoadedRevision, lastGood: [Name: LoadedBundle], allowsPrune: Bool) -> Assembly {
    if revision.lacksManifests { return withoutManifests(revision, lastGood: lastGood, allowsPrune: allowsPrune) }
    var assembler = Assembler(revision, lastGood: lastGood)
    assembler.judge()
    if assembler.held.isEmpty {
        return Assembly(
            desired: DesiredState(
                revision: revision.revision, workloads: assembler.definedWorkloads, allowsPrune: allowsPrune),
            good: assembler.bundles.map(\.name), diagnostics: revision.allDiagnostics)
    }
    var workloads: [Name: DesiredWorkload] = [:]
    workloads.reserveCapacity(assembler.bundles.reduce(0) { $0 + $1.workloads.count })
    var held: [HeldBundle] = []
    var good: [Name] = []
    for bundle in assembler.bundles {
        let version: LoadedBundle?
        if let errors = assembler.held[bundle.name] {
            version = lastGood[bundle.name]
            let names = bundle.workloads.map(\.name) + bundle.broken.map(\.name)
            held.append(
                HeldBundle(
                    bundle: bundle.name, lastGood: version?.revision, diagnostics: errors.inOrder, keeps: Set(names).sorted()))
        } else {
            version = bundle
            good.append(bundle.name)
        }
        // Two last good versions cannot hold one name unless the caller mixed them up; then the first stays.
        for workload in version?.workloads ?? [] where workloads[workload.name] == nil {
            workloads[workload.name] = workload.desired
        }
    }
    return Assembly(
        desired: DesiredState(revision: revision.revision, workloads: workloads, held: held, allowsPrune: allowsPrune),
        good: good, diagnostics: (revision.allDiagnostics + assembler.found).inOrder)
}

private func withoutManifests(_ revision: LoadedRevision, lastGood: [Name: LoadedBundle], allowsPrune: Bool) -> Assembly {
    var workloads: [Name: DesiredWorkload] = [:]
    var held: [HeldBundle] = []
    let reasons = revision.diagnostics.filter { $0.file == "manifests" }
    for (name, bundle) in lastGood.sorted(by: { $0.key < $1.key }) {
        held.append(HeldBundle(bundle: name, lastGood: bundle.revision, diagnostics: reasons))
        for workload in bundle.workloads { workloads[workload.name] = workload.desired }
    }
    return Assembly(
        desired: DesiredState(revision: revision.revision, workloads: workloads, held: held, allowsPrune: allowsPrune),
        good: [], diagnostics: revision.allDiagnostics)
}
