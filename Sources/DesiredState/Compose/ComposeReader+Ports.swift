internal import CurfewModel

extension ComposeReader {
    /// `ports`: what enters from outside.
    func ports(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        for (index, item) in list(node, path).enumerated() {
            let place = "\(path)[\(index)]"
            guard let spec = item.pairs == nil ? short(item, place) : long(item, place) else { continue }
            guard spec.transport == "tcp" else {
                note(item, place, "\(spec.transport) is not carried over: traffic enters by the edge, which takes TCP and HTTP")
                continue
            }
            if let address = spec.address, !["0.0.0.0", "::", ""].contains(address) {
                note(
                    item, place,
                    "the address \(address.prefix(64)) is not carried over: exposed ports are on the edge's address ('edge' in the configuration); if only other workloads need it, leave 'expose' out"
                )
            }
            if spec.published == nil {
                note(
                    item, place,
                    "the engine would choose a port outside; Curfew's are stable: write expose: with a port, if it has to be reached from outside"
                )
            } else if let published = spec.published, published.count > spec.target.count {
                note(item, place, "of the range \(published.lowerBound)-\(published.upperBound) the first is taken")
            }
            for (offset, target) in spec.target.enumerated() {
                add(
                    target, expose: spec.published.map { $0.lowerBound + offset }, name: offset == 0 ? spec.name : nil,
                    application: spec.application, item, place, &draft)
            }
        }
    }

    /// `expose`: what other workloads may reach.
    func expose(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        for (index, entry) in texts(node, path).enumerated() {
            let place = "\(path)[\(index)]"
            guard let spec = PortSpec(entry.text), spec.published == nil, spec.address == nil else {
                fail(entry.node, place, "has to be a port such as 3000, or a range, not \(entry.node.words)")
                continue
            }
            guard spec.transport == "tcp" else {
                note(
                    entry.node, place,
                    "\(spec.transport) needs no entry: workloads in one network reach all ports of each other")
                continue
            }
            for target in spec.target { add(target, expose: nil, entry.node, place, &draft) }
        }
    }

    private func short(_ node: ComposeNode, _ path: String) -> PortSpec? {
        guard let text = text(node, path) else { return nil }
        if let spec = PortSpec(text) { return spec }
        fail(node, path, "'\(text.prefix(80))' is no port such as 8080:80, 127.0.0.1:8080:80 or 9000-9003:9000-9003")
        return nil
    }

    private func long(_ node: ComposeNode, _ path: String) -> PortSpec? {
        var spec = PortSpec(published: nil, target: 1...1)
        var hasTarget = false
        for field in fields(node, path) {
            let place = "\(path).\(field.key)"
            switch field.key {
            case "target", "published":
                guard let text = text(field.value, place) else { return nil }
                guard let range = PortSpec.range(text) else {
                    fail(field.value, place, "has to be a port from 1 to 65535, not \(field.value.words)")
                    return nil
                }
                if field.key == "target" { (spec.target, hasTarget) = (range, true) } else { spec.published = range }
            case "protocol": spec.transport = text(field.value, place)?.lowercased() ?? "tcp"
            case "host_ip": spec.address = text(field.value, place)
            case "app_protocol": spec.application = text(field.value, place)?.lowercased()
            case "name": spec.name = text(field.value, place)
            case "mode":
                if text(field.value, place) == "host" {
                    note(
                        field.value, place,
                        "'host' is not carried over: traffic enters by the edge, whichever instance it goes to")
                }
            default:
                unknown(field, path, among: ["target", "published", "protocol", "host_ip", "app_protocol", "name", "mode"])
            }
        }
        if !hasTarget { fail(node, path, "needs 'target', the port inside the container") }
        return hasTarget ? spec : nil
    }

    private func add(
        _ target: Int, expose: Int?, name: String? = nil, application: String? = nil, _ node: ComposeNode, _ path: String,
        _ draft: inout ComposeDraft
    ) {
        var expose = expose
        if let wanted = expose, let other = exposed[wanted], other != draft.service {
            note(node, path, "port \(wanted) is exposed by '\(other)' already, and is not exposed here: choose another")
            expose = nil
        }
        if let wanted = expose { exposed[wanted] = draft.service }
        if let index = draft.workload.ports.firstIndex(where: { $0.port == target }) {
            let before = draft.workload.ports[index].expose
            guard let wanted = expose, wanted != before else { return }
            guard before == nil else {
                return note(node, path, "port \(target) is exposed as \(before ?? 0) already, and cannot be as \(wanted) too")
            }
            draft.workload.ports[index].expose = wanted
            return
        }
        guard draft.workload.ports.count < WorkloadRules.ports.upperBound else {
            return fail(node, path, "a workload has at most \(WorkloadRules.ports.upperBound) ports")
        }
        let mode: Port.Mode = ["http", "h2c", "grpc", "ws"].contains(application ?? "") ? .http : .tcp
        var label = name.flatMap { Self.label($0) } ?? Self.label("\(mode.rawValue)-\(target)") ?? Name(literal: "port")
        if draft.workload.ports.contains(where: { $0.name == label }) { label = Self.label("port-\(target)") ?? label }
        draft.workload.ports.append(Port(name: label, expose: expose, mode: mode, port: target))
    }
}
