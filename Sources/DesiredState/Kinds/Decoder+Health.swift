internal import CurfewModel

/// How health is known, and how a new generation takes over.
extension Decoder {
    func health(_ node: Int, ports: [Port]) -> HealthCheck? {
        guard let record = record(node, "health", as: HealthField.self) else { return nil }
        var probe: HealthCheck.Probe?
        if let node = record[.http], let http = self.record(node, "health.http", as: HTTPProbeField.self) {
            let port = http[.port].flatMap { self.port($0, "health.http.port", ports: ports) }
            let path = http[.path].map { probePath($0) } ?? "/"
            if let port, let path { probe = .http(port: port, path: path) }
        }
        if let node = record[.tcp], let tcp = self.record(node, "health.tcp", as: TCPProbeField.self) {
            if let port = tcp[.port].flatMap({ self.port($0, "health.tcp.port", ports: ports) }) { probe = .tcp(port: port) }
        }
        if let node = record[.command], let words = command(node, "health.command", ports: ports) { probe = .command(words) }
        if let node = record[.image], choice(node, "health.image", ["healthcheck"]) != nil { probe = .image }
        var check = HealthCheck(probe: probe ?? .command([]))
        if let node = record[.interval] { check.interval = span(node, "interval", WorkloadRules.interval) ?? check.interval }
        if let node = record[.timeout] { check.timeout = span(node, "timeout", WorkloadRules.timeout) ?? check.timeout }
        if let node = record[.startup] { check.startup = span(node, "startup", WorkloadRules.startup) ?? check.startup }
        if let node = record[.failures] { check.failures = integer(node, "failures", WorkloadRules.failures) ?? check.failures }
        return probe == nil ? nil : check
    }

    private func port(_ node: Int, _ label: String, ports: [Port]) -> Name? {
        guard let name = name(node, label) else { return nil }
        if ports.contains(where: { $0.name == name }) { return name }
        let known = ports.map(\.name.rawValue)
        report(
            node,
            "\(label) names no port of this workload: '\(name)'"
                + (known.isEmpty ? "; it has no ports" : Spelling.hint(name.rawValue, among: known)))
        return nil
    }

    private func probePath(_ node: Int) -> String? {
        guard let path = string(node, "health.http.path", maximum: 2048) else { return nil }
        // It goes into a request line: a space or a line break there would make another request of it.
        if path.hasPrefix("/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { return path }
        report(node, "health.http.path has to begin with '/' and hold no spaces, control or non-ASCII characters")
        return nil
    }

    func rollout(_ node: Int) -> RolloutPolicy {
        var policy = RolloutPolicy()
        guard let record = record(node, "rollout", as: RolloutField.self) else { return policy }
        let strategy = record[.strategy].map { choice($0, "strategy", RolloutField.strategies) } ?? "blueGreen"
        let surge = record[.surge].map { integer($0, "surge", WorkloadRules.surge) } ?? 1
        let steps = record[.steps].map { self.steps($0) }
        if let strategy {
            for rule in RolloutField.dependent where rule.word != strategy {
                let name = RolloutField.shape.names[rule.field.rawValue]
                if let node = record[rule.field] {
                    report(node, "'\(name)' goes with strategy \(rule.word), not with \(strategy)")
                }
            }
        }
        switch strategy {
        case "rolling": policy.strategy = .rolling(surge: surge ?? 1)
        case "canary":
            policy.strategy = .canary(steps: steps ?? [])
            if steps == nil { report(node, "strategy canary needs the field 'steps', such as [{ weight: 10, pause: 1m }]") }
        case "recreate": policy.strategy = .recreate
        default: policy.strategy = .blueGreen
        }
        if let node = record[.deadline] { policy.deadline = span(node, "deadline", WorkloadRules.deadline) ?? policy.deadline }
        if let node = record[.drain] { policy.drain = span(node, "drain", WorkloadRules.drain) ?? policy.drain }
        if let node = record[.onFailure] { policy.onFailure = choice(node, "onFailure") ?? policy.onFailure }
        if let node = record[.keepWarm], let time = span(node, "keepWarm", WorkloadRules.pause) {
            policy.keepWarm = time
            switch policy.strategy {
            case .blueGreen, .canary: break
            case .rolling, .recreate:
                report(
                    node,
                    "'keepWarm' goes with strategy blueGreen or canary: the others end old instances before all new ones run")
            }
        }
        return policy
    }

    private func steps(_ node: Int) -> [RolloutPolicy.CanaryStep] {
        var steps: [RolloutPolicy.CanaryStep] = []
        list(node, "steps", count: WorkloadRules.steps) { item in
            guard let record = record(item, "step", as: CanaryStepField.self) else { return }
            let weight = record[.weight].flatMap { integer($0, "weight", WorkloadRules.weight) }
            let pause = record[.pause].flatMap { span($0, "pause", WorkloadRules.pause) }
            guard let weight, let pause else { return }
            if let last = steps.last, last.weight >= weight {
                report(record[.weight] ?? item, "weight \(weight) does not grow; the step before has \(last.weight)")
            }
            steps.append(RolloutPolicy.CanaryStep(weight: weight, pause: pause))
        }
        return steps
    }
}
