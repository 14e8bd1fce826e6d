internal import CurfewModel

/// A workload as the document that it would be read from; defaults are left out.
enum WorkloadManifest {
    /// The document, without a marker in front; `nil` when there is no memory. A folder artifact is named by its path.
    static func text(of workload: Workload) -> String? { YAMLWriter.document(value(of: workload)) }

    static func value(of workload: Workload) -> YAMLValue {
        var metadata: [(String, YAMLValue)] = [("name", .text(workload.name.rawValue))]
        if !workload.labels.isEmpty { metadata.append(("labels", map(workload.labels))) }
        return .map([
            ("apiVersion", .text(EnvelopeField.version)), ("kind", .text("Workload")), ("metadata", .map(metadata)),
            ("spec", .map(spec(of: workload))),
        ])
    }

    private static func spec(of workload: Workload) -> [(String, YAMLValue)] {
        var spec: [(String, YAMLValue)] = [("runtime", .text(workload.runtime.rawValue))]
        func add(_ name: String, _ value: YAMLValue?) {
            if let value { spec.append((name, value)) }
        }
        if workload.replicas != 1 { add("replicas", .plain("\(workload.replicas)")) }
        add("artifact", artifact(workload.artifact))
        if !workload.command.isEmpty { add("command", words(workload.command)) }
        if !workload.env.isEmpty { add("env", map(workload.env)) }
        if !workload.ports.isEmpty { add("ports", .list(workload.ports.map(port))) }
        add("resources", resources(workload.resources))
        if !workload.mounts.isEmpty { add("mounts", .list(workload.mounts.map(mount))) }
        if !workload.secrets.isEmpty { add("secrets", .list(workload.secrets.map(secret))) }
        add("health", workload.health.map(health))
        add("rollout", rollout(workload.rollout))
        if !workload.dependsOn.isEmpty { add("dependsOn", words(workload.dependsOn.map(\.rawValue))) }
        add("container", container(workload.container))
        return spec
    }

    private static func words(_ words: [String]) -> YAMLValue { .list(words.map { .text($0) }) }

    private static func map(_ values: [String: String]) -> YAMLValue {
        .map(values.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
    }

    /// A mapping of the pairs that have a value; `nil` when none has.
    private static func record(_ pairs: [(String, YAMLValue?)]) -> YAMLValue? {
        let there = pairs.compactMap { pair in pair.1.map { (pair.0, $0) } }
        return there.isEmpty ? nil : .map(there)
    }

    private static func artifact(_ artifact: Artifact) -> YAMLValue? {
        switch artifact {
        case .tree(let path, _): .map([("path", .text(path))])
        case .url(let url, let sha256): .map([("url", .text(url)), ("sha256", .text(sha256))])
        case .image(let reference): .map([("image", .text(reference))])
        case .none: nil
        }
    }

    private static func port(_ port: Port) -> YAMLValue {
        .map(
            [
                ("name", .text(port.name.rawValue)), ("expose", port.expose.map { .plain("\($0)") }),
                ("protocol", port.mode == .http ? nil : .text(port.mode.rawValue)),
                ("port", port.port.map { .plain("\($0)") }),
            ].compactMap { (pair: (String, YAMLValue?)) in pair.1.map { (pair.0, $0) } })
    }

    private static func resources(_ resources: Resources) -> YAMLValue? {
        record([
            ("cpu", resources.cpu.map { .text($0.description) }), ("memory", resources.memory.map { amount($0) }),
            ("pids", resources.pids.map { .plain("\($0)") }),
        ])
    }

    private static func amount(_ bytes: ByteCount) -> YAMLValue { .plain(bytes.description) }

    private static func mount(_ mount: Mount) -> YAMLValue {
        record([
            ("path", .text(mount.path)), ("volume", mount.volume.map { .text($0.rawValue) }),
            ("tmpfs", mount.tmpfs.map(amount)),
        ]) ?? .map([])
    }

    private static func secret(_ secret: SecretFile) -> YAMLValue {
        switch secret.source {
        case .age(let path, _): .map([("path", .text(secret.path)), ("age", .text(path))])
        case .file(let name): .map([("path", .text(secret.path)), ("file", .text(name.rawValue))])
        }
    }

    private static func health(_ health: HealthCheck) -> YAMLValue {
        let standard = HealthCheck(probe: health.probe)
        let probe: (String, YAMLValue?) =
            switch health.probe {
            case .http(let port, let path): ("http", .map([("port", .text(port.rawValue)), ("path", .text(path))]))
            case .tcp(let port): ("tcp", .map([("port", .text(port.rawValue))]))
            case .command(let command): ("command", words(command))
            case .image: ("image", .text("healthcheck"))
            }
        func span(_ value: Span, _ usual: Span) -> YAMLValue? { value == usual ? nil : .text(value.description) }
        return record([
            probe, ("interval", span(health.interval, standard.interval)), ("timeout", span(health.timeout, standard.timeout)),
            ("startup", span(health.startup, standard.startup)),
            ("failures", health.failures == standard.failures ? nil : .plain("\(health.failures)")),
        ]) ?? .map([])
    }

    private static func rollout(_ rollout: RolloutPolicy) -> YAMLValue? {
        let standard = RolloutPolicy()
        var pairs: [(String, YAMLValue?)] = []
        switch rollout.strategy {
        case .blueGreen: break
        case .rolling(let surge):
            pairs = [("strategy", .text("rolling")), ("surge", surge == 1 ? nil : .plain("\(surge)"))]
        case .canary(let steps):
            let written = steps.map {
                YAMLValue.map([("weight", .plain("\($0.weight)")), ("pause", .text($0.pause.description))])
            }
            pairs = [("strategy", .text("canary")), ("steps", .list(written))]
        case .recreate: pairs = [("strategy", .text("recreate"))]
        }
        pairs += [
            ("deadline", rollout.deadline == standard.deadline ? nil : .text(rollout.deadline.description)),
            ("drain", rollout.drain == standard.drain ? nil : .text(rollout.drain.description)),
            ("onFailure", rollout.onFailure == standard.onFailure ? nil : .text(rollout.onFailure.rawValue)),
        ]
        return record(pairs)
    }

    private static func container(_ options: ContainerOptions) -> YAMLValue? {
        record([
            ("args", options.args.isEmpty ? nil : words(options.args)), ("workingDir", options.workingDir.map { .text($0) }),
            ("user", options.user.map { .text($0) }),
            ("networks", options.networks.isEmpty ? nil : words(options.networks.map(\.rawValue))),
            ("capabilities", options.capabilities.isEmpty ? nil : words(options.capabilities)),
            ("writableRoot", options.writableRoot ? .plain("true") : nil),
            ("placement", options.placement.isEmpty ? nil : words(options.placement)),
        ])
    }
}
