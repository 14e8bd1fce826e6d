import CurfewAPI
import CurfewModel
import CurfewViews

extension StatusView {
    init(_ status: Status, selfEnding: Set<Name>) {
        let source = status.source
        self.init(
            version: Version.current, at: status.at.timestamp, state: status.state.rawValue, revision: status.revision?.hex,
            verified: status.verified, trust: status.trust, paused: status.paused,
            source: Source(
                url: source.url, branch: source.branch, tip: source.tip?.hex, lastFetch: source.lastFetch?.timestamp,
                problem: source.problem, failingSince: source.failingSince?.timestamp, held: source.held),
            workloads: status.workloads.map(WorkloadView.init),
            heldBundles: status.heldBundles.map {
                HeldBundle(
                    bundle: $0.bundle.rawValue, lastGood: $0.lastGood?.hex, diagnostics: $0.diagnostics.map(\.description))
            },
            diagnostics: status.diagnostics.map(\.description), problems: status.problems,
            pendingReverts: status.pendingReverts.map(\.commit.hex),
            grants: status.grants.map { GrantView($0, selfEnding: selfEnding) })
    }
}

extension WorkloadView {
    init(_ workload: Status.Workload) {
        self.init(
            name: workload.name.rawValue, runtime: workload.runtime?.rawValue,
            generation: workload.generation.map { "\($0.hex)" }, desired: workload.desired, ready: workload.ready,
            address: workload.address, state: workload.state.rawValue, message: workload.message,
            revision: workload.revision?.hex, pinned: workload.pinned, instances: workload.instances.map(InstanceView.init),
            change: workload.change.map {
                ChangeView(commit: $0.commit.hex, author: $0.author, summary: $0.summary)
            },
            traffic: workload.traffic.map { TrafficView(generation: $0.generation.hex, percent: $0.percent) })
    }
}

extension InstanceView {
    init(_ instance: Status.Instance) {
        self.init(
            id: instance.id.rawValue, generation: instance.generation.hex, state: instance.state, health: instance.health,
            endpoints: Dictionary(instance.endpoints.map { ($0.key.rawValue, "\($0.value)") }) { first, _ in first },
            place: instance.place)
    }
}

extension GrantView {
    init(_ grant: Status.Grant, selfEnding: Set<Name>) {
        self.init(
            name: grant.name.rawValue, blob: grant.blob.hex, person: grant.person?.rawValue, role: grant.role?.rawValue,
            state: grant.state, start: grant.start?.timestamp, end: grant.end?.timestamp, reasons: grant.reasons,
            approvedBy: grant.approvedBy.map(\.rawValue), backends: grant.backends.map(\.rawValue), reason: grant.reason,
            touches: grant.touches.map(\.rawValue),
            selfEnding: grant.backends.filter(selfEnding.contains).map(\.rawValue))
    }
}

extension PlanView.Step {
    init(_ step: PlanStep) {
        self.init(
            kind: step.kind.rawValue, workload: step.workload.rawValue, from: step.from.map(\.hex), to: step.to?.hex,
            drift: step.drift.map(\.kind.rawValue), waitsFor: step.waitsFor.map(\.rawValue), explanation: step.explanation)
    }
}

extension PlanView.Hold {
    init(_ hold: PlanHold) {
        self.init(
            workload: hold.workload.rawValue, reason: hold.reason.rawValue, explanation: hold.explanation,
            until: hold.until?.timestamp)
    }
}
