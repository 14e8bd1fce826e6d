internal import CurfewModel

extension ComposeReader {
    func networks(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        var names: [Name] = []
        if node.pairs == nil {
            for (text, item) in texts(node, path, orText: true) { join(text, item, path, &names) }
        } else {
            for pair in fields(node, path, named: true) {
                join(pair.key, pair.value, path, &names)
                for field in fields(pair.value, "\(path).\(pair.key)") {
                    let reason =
                        field.key == "aliases"
                        ? "a workload is found by its own name alone" : "the engine chooses addresses and interfaces"
                    tell(.note, field.keyPosition, "\(path).\(pair.key).\(field.key)", "is not carried over: \(reason)")
                }
            }
        }
        draft.networks = names
    }

    private func join(_ network: String, _ node: ComposeNode, _ path: String, _ names: inout [Name]) {
        if network != "default", root["networks"]?.pairs?.contains(where: { $0.key == network }) != true {
            note(
                node, path,
                "network '\(network.prefix(80))' is not declared under 'networks'; it is taken for one without options")
        }
        guard names.count < WorkloadRules.entries else {
            return fail(node, path, "a workload joins at most \(WorkloadRules.entries) networks")
        }
        guard let name = self.network(network, node, path), !names.contains(name) else { return }
        names.append(name)
    }

    /// The name of a network in Curfew: the project's name before its own, as with Compose, unless it has another.
    private func network(_ network: String, _ node: ComposeNode, _ path: String) -> Name? {
        used.insert("networks.\(network)")
        let declared = root["networks"]?[network]
        var written = "\(project)-\(network)"
        if let own = declared?["name"] {
            written = text(own, "networks.\(network).name") ?? written
        } else if isExternal(declared) {
            written = network
        }
        guard let name = Self.label(written) else {
            fail(node, path, "'\(written.prefix(80))' cannot be made a DNS label; name it with --project")
            return nil
        }
        return name
    }

    func isExternal(_ node: ComposeNode?) -> Bool {
        guard let external = node?["external"] else { return false }
        return external.pairs != nil || external.raw?.lowercased() == "true"
    }

    /// The network that services without a word about networks share.
    func defaultNetwork(_ draft: ComposeDraft) -> [Name] {
        network("default", draft.node, "\(draft.path).networks").map { [$0] } ?? []
    }

    func networkMode(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        guard let mode = text(node, path) else { return }
        switch mode {
        case "bridge", "default": break
        case "none":
            draft.networks = []
            note(
                node, path,
                "'none' is not carried over: an instance has the runtime's own network, in which it meets nobody, but which leads outside"
            )
        case "host":
            note(
                node, path,
                "'host' is not carried over: instances have addresses of their own; name what it listens on under 'ports', and others by their workloads' names"
            )
        default:
            note(
                node, path,
                "'\(mode.prefix(80))' is not carried over: instances share no network stack; name what it listens on under 'ports'"
            )
        }
    }

    func dependencies(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        if node.pairs == nil {
            draft.waitsFor = texts(node, path).map { (service: $0.text, node: $0.node) }
            return
        }
        for pair in fields(node, path, named: true) {
            let place = "\(path).\(pair.key)"
            var isOptional = false
            for field in fields(pair.value, place) {
                switch field.key {
                case "condition":
                    let condition = text(field.value, "\(place).condition")
                    if condition == "service_started", services[pair.key]?["healthcheck"] != nil {
                        note(field.value, "\(place).condition", "Curfew waits until '\(pair.key)' is healthy, not only started")
                    } else if let condition,
                        !["service_started", "service_healthy", "service_completed_successfully"].contains(condition)
                    {
                        fail(field.value, "\(place).condition", "'\(condition.prefix(40))' is no condition")
                    }
                case "required": isOptional = bool(field.value, "\(place).required") == false
                case "restart":
                    if bool(field.value, "\(place).restart") == true {
                        note(
                            field.value, "\(place).restart",
                            "is not carried over: instances are replaced when they change, not when others do")
                    }
                default: unknown(field, place, among: ["condition", "required", "restart"])
                }
            }
            if isOptional, services[pair.key] == nil { continue }
            draft.waitsFor.append((pair.key, pair.value))
        }
    }

    /// Names of services become names of workloads, for those that are carried over.
    func settleDependencies(_ drafts: inout [ComposeDraft]) {
        let names = Dictionary(drafts.map { ($0.service, $0.workload.name) }, uniquingKeysWith: { first, _ in first })
        var wrong: Set<String> = []
        for index in drafts.indices {
            let path = "\(drafts[index].path).depends_on"
            for (service, node) in drafts[index].waitsFor.prefix(WorkloadRules.entries + 1) {
                guard let name = names[service] else {
                    let known = services[service] != nil
                    if known {
                        note(node, path, "'\(service.prefix(80))' is not waited for, because it is not carried over")
                    } else {
                        wrong.insert(drafts[index].service)
                        fail(
                            node, path,
                            "there is no service '\(service.prefix(80))'" + Spelling.hint(service, among: services.keys))
                    }
                    continue
                }
                if !drafts[index].workload.dependsOn.contains(name) { drafts[index].workload.dependsOn.append(name) }
            }
        }
        var taken: [Name: String] = [:]
        let circle = Self.circle(drafts)
        drafts.removeAll { draft in
            if wrong.contains(draft.service) { return true }
            if let other = taken.updateValue(draft.service, forKey: draft.workload.name) {
                fail(draft.node, draft.path, "would be called '\(draft.workload.name)', as '\(other)' is: rename one of them")
                return true
            }
            guard circle.contains(draft.workload.name) else { return false }
            fail(draft.node, "\(draft.path).depends_on", "goes round in a circle, or leads to one")
            return true
        }
    }

    /// Workloads that can never start, because each waits for another of them.
    private static func circle(_ drafts: [ComposeDraft]) -> Set<Name> {
        var left: [Name: Int] = [:]
        var waiting: [Name: [Name]] = [:]
        for draft in drafts {
            left[draft.workload.name] = draft.workload.dependsOn.count
            for name in draft.workload.dependsOn { waiting[name, default: []].append(draft.workload.name) }
        }
        var free = left.filter { $0.value == 0 }.map(\.key)
        while let name = free.popLast() {
            left[name] = nil
            for other in waiting[name] ?? [] {
                guard let count = left[other] else { continue }
                left[other] = count - 1
                if count == 1 { free.append(other) }
            }
        }
        return Set(left.keys)
    }
}
