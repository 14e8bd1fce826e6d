internal import CurfewModel

extension Decoder {
    /// Refuses what the runtime cannot do, with its reason; never ignores it.
    func check(_ spec: Record<WorkloadField>, of draft: Draft, runtime: Name, can: RuntimeCapabilities) {
        let kind: RuntimeCapabilities.ArtifactKind =
            switch draft.artifact {
            case .tree: .tree
            case .url: .url
            case .image: .image
            case .none: draft.artifactPath == nil ? .none : .tree
            }
        // An artifact that could not be read has been reported already.
        if !can.artifacts.contains(kind), kind != .none || spec[.artifact] == nil {
            let words: [RuntimeCapabilities.ArtifactKind: String] = [
                .tree: "a folder of the repository (artifact.path)", .url: "an archive (artifact.url)",
                .image: "an image (artifact.image)", .none: "no artifact",
            ]
            let able = RuntimeCapabilities.ArtifactKind.allCases.filter(can.artifacts.contains).compactMap { words[$0] }
            let why = can.missingArtifacts[kind].map { ": \($0)" } ?? ""
            report(
                spec[.artifact] ?? spec.node,
                "runtime \(runtime) cannot run \(words[kind] ?? kind.rawValue)\(why); it takes \(able.joined(separator: ", "))")
        }
        if draft.command == nil, spec[.command] == nil, kind != .image {
            report(spec.node, "spec needs the field 'command': only an image can bring its own")
        }
        if let node = spec[.resources] {
            let asked = [
                ("cpu", draft.resources.cpu != nil), ("memory", draft.resources.memory != nil),
                ("pids", draft.resources.pids != nil),
            ]
            for (field, set) in asked where set && !can.limits.contains(field) {
                report(node, can.missingLimits[field] ?? "runtime \(runtime) cannot limit \(field)")
            }
        }
        if !can.volumes, let node = spec[.mounts], draft.mounts.contains(where: { $0.volume != nil }) {
            report(node, "runtime \(runtime) has no volumes; leave 'volume' out for a folder that goes with its instance")
        }
        if can.volumesArePinned, let node = spec[.mounts], draft.mounts.contains(where: { $0.volume != nil }),
            !draft.container.placement.contains(where: { $0.hasPrefix("node.hostname==") || $0.hasPrefix("node.id==") })
        {
            report(
                node,
                "a volume of runtime \(runtime) stays on the node where it was made, and an instance elsewhere would find another, empty one: name the node in container.placement (node.hostname==…), or leave 'volume' out"
            )
        }
        if let why = can.missingCommandProbes, let node = spec[.health], case .command? = draft.health?.probe {
            report(node, "runtime \(runtime) runs no commands as health checks: \(why); use 'http', 'tcp' or 'image'")
        }
        if !can.containers { containersOnly(spec, of: draft, runtime: runtime) }
        if !can.placement, let node = spec[.container], !draft.container.placement.isEmpty {
            report(node, "runtime \(runtime) has one host; 'placement' is for an engine of many")
        }
        if !can.secrets, let node = spec[.secrets], !draft.secrets.isEmpty {
            report(node, "runtime \(runtime) gives no secrets")
        }
    }

    private func containersOnly(_ spec: Record<WorkloadField>, of draft: Draft, runtime: Name) {
        let reason = "is for containers, and runtime \(runtime) runs processes of this machine"
        if let node = spec[.container] { report(node, "'container' \(reason)") }
        if let node = spec[.ports], draft.ports.contains(where: { $0.port != nil }) {
            report(node, "'port' \(reason); use $(PORT) in the command")
        }
        if let node = spec[.mounts], draft.mounts.contains(where: { $0.tmpfs != nil }) { report(node, "'tmpfs' \(reason)") }
        if let node = spec[.health], draft.health?.probe == .image { report(node, "'image' \(reason)") }
    }
}
