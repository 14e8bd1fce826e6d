internal import CurfewModel

/// Holding spreads.
extension Assembler {
    /// One round; returns whether somebody new is held.
    mutating func spread() -> Bool {
        let before = held.count
        // Where each name stands once the held ones are at their last good version.
        var kept: [Name: LoadedWorkload] = [:]
        var ports: [Int: LoadedWorkload] = [:]
        var promised: [Name: Name] = [:]
        for bundle in bundles where held[bundle.name] != nil {
            for workload in lastGood[bundle.name]?.workloads ?? [] {
                kept[workload.name] = workload
                promised[workload.name] = bundle.name
                for port in workload.content.desired.workload.ports { if let expose = port.expose { ports[expose] = workload } }
            }
            for workload in bundle.workloads { promised[workload.name] = bundle.name }
            for item in bundle.broken { promised[item.name] = bundle.name }
        }
        var effective: Set<Name> = Set(kept.keys)
        for bundle in bundles where held[bundle.name] == nil {
            for workload in bundle.workloads {
                effective.insert(workload.name)
                if let diagnostic = conflict(of: workload, kept, ports, promised) {
                    hold(bundle.name, diagnostic)
                    break
                }
            }
        }
        if held.count > before { return true }
        // What a held bundle still needs must not be taken away by one that goes on.
        for workload in kept.values.sorted(by: { $0.name < $1.name }) {
            for name in workload.content.desired.workload.dependsOn where !effective.contains(name) {
                for bundle in bundles where held[bundle.name] == nil {
                    guard lastGood[bundle.name]?.workloads.contains(where: { $0.name == name }) == true else { continue }
                    hold(
                        bundle.name,
                        Diagnostic(
                            file: "manifests/\(bundle.name)",
                            "bundle '\(bundle.name)' waits: it removes workload '\(name)', which '\(workload.name)' of the held bundle '\(workload.content.desired.bundle)' still depends on"
                        ))
                }
            }
        }
        return held.count > before
    }

    private func conflict(
        of workload: LoadedWorkload, _ kept: [Name: LoadedWorkload], _ ports: [Int: LoadedWorkload], _ promised: [Name: Name]
    ) -> Diagnostic? {
        if let other = kept[workload.name] {
            return Diagnostic(
                file: workload.file, line: workload.line, column: workload.column,
                "workload '\(workload.name)' still runs from bundle '\(other.content.desired.bundle)', which is held at \(other.revision.short)"
            )
        }
        for port in workload.content.desired.workload.ports {
            if let expose = port.expose, let other = ports[expose] {
                return Self.portError(expose, workload, takenBy: other)
            }
        }
        for (index, name) in workload.content.desired.workload.dependsOn.enumerated() {
            if let bundle = promised[name] {
                return workload.dependencyError(
                    index, "bundle '\(workload.content.desired.bundle)' waits for bundle '\(bundle)', which is held")
            }
        }
        return nil
    }
}
