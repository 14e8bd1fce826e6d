internal import CurfewModel

/// `deploy`, and the limits that stand outside it.
extension ComposeReader {
    func deploy(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        for field in fields(node, path) {
            let (value, place) = (field.value, "\(path).\(field.key)")
            if value.isNull { continue }
            switch field.key {
            case "replicas": draft.replicas = replicas(value, place) ?? draft.replicas
            case "resources": resources(value, place, &draft)
            case "update_config": update(value, place, &draft)
            case "placement": placement(value, place, &draft)
            case "mode": mode(value, place)
            case "restart_policy": policy(value, place)
            case "labels": tell(.note, field.keyPosition, place, "is not carried over: labels of services are Curfew's own")
            case "rollback_config":
                tell(
                    .note, field.keyPosition, place,
                    "is not carried over: a failed deploy never takes the old instances down, and is reverted in Git")
            case "endpoint_mode":
                tell(.note, field.keyPosition, place, "is not carried over: traffic enters by the edge")
            default:
                unknown(
                    field, path,
                    among: [
                        "replicas", "resources", "update_config", "placement", "mode", "restart_policy", "labels",
                        "rollback_config",
                    ])
            }
        }
    }

    func replicas(_ node: ComposeNode, _ path: String) -> Int? {
        guard let count = integer(node, path) else { return nil }
        if WorkloadRules.replicas.contains(count) { return count }
        fail(
            node, path,
            "has to be from \(WorkloadRules.replicas.lowerBound) to \(WorkloadRules.replicas.upperBound), not \(count)")
        return nil
    }

    private func mode(_ node: ComposeNode, _ path: String) {
        guard let mode = text(node, path), mode != "replicated" else { return }
        switch mode {
        case "global":
            note(node, path, "'global' is not carried over: instances are counted, not one for each host; write replicas")
        case "replicated-job", "global-job":
            fail(node, path, "'\(mode)' is a job, and Curfew keeps what it runs running; run it before the deploy")
        default: fail(node, path, "'\(mode.prefix(40))' is no mode; there are replicated and global")
        }
    }

    private func policy(_ node: ComposeNode, _ path: String) {
        for field in fields(node, path) {
            if field.key == "condition", let text = text(field.value, "\(path).condition"), text == "any" { continue }
            note(
                field.value, "\(path).\(field.key)", "is not carried over: Curfew replaces whatever ends, with a growing pause")
        }
    }

    private func resources(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        for field in fields(node, path) {
            guard field.key == "limits" else {
                let reason =
                    field.key == "reservations" ? "is not carried over: resources have limits and no reservations" : nil
                if let reason {
                    tell(.note, field.keyPosition, "\(path).\(field.key)", reason)
                } else {
                    unknown(field, path, among: ["limits", "reservations"])
                }
                continue
            }
            for limit in fields(field.value, "\(path).limits") {
                let place = "\(path).limits.\(limit.key)"
                switch limit.key {
                case "cpus": draft.workload.resources.cpu = cpu(limit.value, place) ?? draft.workload.resources.cpu
                case "memory": draft.workload.resources.memory = memory(limit.value, place) ?? draft.workload.resources.memory
                case "pids": draft.workload.resources.pids = pids(limit.value, place) ?? draft.workload.resources.pids
                default: unknown(limit, "\(path).limits", among: ["cpus", "memory", "pids"])
                }
            }
        }
    }

    /// Cores; zero means no limit.
    func cpu(_ node: ComposeNode, _ path: String) -> MilliCPU? {
        guard let text = text(node, path) else { return nil }
        guard let cpu = ComposeQuantity.cpu(text), cpu.value == 0 || WorkloadRules.cpu.contains(cpu) else {
            fail(node, path, "has to be a number of CPUs from 0.001 to 1024, not \(node.words)")
            return nil
        }
        return cpu.value == 0 ? nil : cpu
    }

    /// Bytes; zero means no limit.
    func memory(_ node: ComposeNode, _ path: String) -> ByteCount? {
        guard let text = text(node, path) else { return nil }
        guard let bytes = ComposeQuantity.bytes(text), bytes.value == 0 || WorkloadRules.memory.contains(bytes) else {
            fail(node, path, "has to be an amount of memory such as 512m, from 1m to 16t, not \(node.words)")
            return nil
        }
        return bytes.value == 0 ? nil : bytes
    }

    /// Processes; 0 and -1 mean no limit.
    func pids(_ node: ComposeNode, _ path: String) -> Int? {
        guard let count = integer(node, path), count > 0 else { return nil }
        if WorkloadRules.pids.contains(count) { return count }
        fail(node, path, "has to be at most \(WorkloadRules.pids.upperBound), not \(count)")
        return nil
    }

    private func placement(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        for field in fields(node, path) {
            let place = "\(path).\(field.key)"
            guard field.key == "constraints" else {
                note(field.value, place, "is not carried over: placement has constraints alone")
                continue
            }
            for (text, item) in texts(field.value, place) {
                guard options.hasManyHosts else {
                    note(
                        item, place,
                        "'\(text.prefix(80))' is not carried over: a runtime of type docker has one host; import with --swarm for one that has many"
                    )
                    continue
                }
                let operation = ["==", "!="].first { text.contains($0) } ?? "=="
                let parts = text.split(separator: operation, maxSplits: 1).map { $0.filter { $0 != " " } }
                draft.workload.container.placement.append(parts.joined(separator: operation))
            }
        }
    }
}
