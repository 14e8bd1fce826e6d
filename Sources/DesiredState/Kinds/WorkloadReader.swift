internal import CurfewModel

/// Turns files of `manifests/` into workloads. Holds buffers that are used again: one reader a thread.
final class WorkloadReader {
    let yaml: YAMLReader
    let decoder: Decoder
    let runtimes: [Name: RuntimeCapabilities]

    init(limits: LoadLimits, runtimes: [Name: RuntimeCapabilities]) {
        yaml = YAMLReader(limits: limits)
        decoder = Decoder(yaml)
        self.runtimes = runtimes
    }

    /// Decodes every document of one file.
    func read(_ bytes: UnsafeRawBufferPointer) -> DecodedFile {
        yaml.read(bytes)
        decoder.reset()
        var workloads: [DecodedWorkload] = []
        var broken: [DecodedFile.Broken] = []
        var paths: [RepositoryPath] = []
        var unreadable = yaml.stopped
        for root in yaml.documents {
            let before = decoder.problems.count
            let envelope = decoder.envelope(root, in: "manifests")
            var draft: Draft?
            if envelope.kind == .stack {
                decoder.report(root, "kind Stack is not built yet; only Workload is")
            } else if envelope.kind == .workload, let spec = envelope.spec {
                draft = decoder.workload(spec, runtimes: runtimes)
            }
            if let path = draft?.artifactPath?.path { paths.append(path) }
            // At the cap nothing more is reported, so nothing more counts as right.
            if decoder.problems.count == before, before < Decoder.problemLimit, let name = envelope.name,
                let workload = draft?.finished(name: name, labels: envelope.labels, at: envelope.namePosition)
            {
                workloads.append(workload)
            } else if let name = envelope.name {
                broken.append(DecodedFile.Broken(name: name, position: envelope.namePosition))
            } else {
                unreadable = true
            }
        }
        if !yaml.problems.isEmpty {
            // Duplicate keys and the like leave it open what was meant: nothing of this file is used.
            broken += workloads.map { DecodedFile.Broken(name: $0.workload.name, position: $0.position) }
            workloads = []
        }
        let problems = yaml.problems + decoder.problems
        return DecodedFile(
            workloads: workloads, broken: broken, artifactPaths: paths, unreadable: unreadable,
            problems: problems.count > Decoder.problemLimit ? Array(problems.prefix(Decoder.problemLimit)) : problems)
    }
}

/// The parts of a workload while they are collected.
struct Draft {
    var runtime: Name?
    var replicas = 1
    var artifact = Artifact.none
    var artifactPath: (path: RepositoryPath, position: Position)?
    var command: [String]?
    var env: [String: String] = [:]
    var ports: [Port] = []
    var expose: [Position] = []
    var resources = Resources()
    var mounts: [Mount] = []
    var health: HealthCheck?
    var rollout = RolloutPolicy()
    var dependsOn: [Name] = []
    var dependsOnPositions: [Position] = []
    var secrets: [SecretFile] = []
    var agePaths: [(path: RepositoryPath, position: Position)] = []
    var tag: (reference: String, position: Position)?
    var container = ContainerOptions()
    var uses: [PowerUse] = []

    /// The workload; only called when nothing was reported.
    func finished(name: Name, labels: [String: String], at position: Position) -> DecodedWorkload? {
        guard let runtime else { return nil }
        var workload = Workload(
            name: name, labels: labels, runtime: runtime, replicas: replicas, artifact: artifact, command: command ?? [],
            env: env, ports: ports, resources: resources, mounts: mounts, health: health, rollout: rollout,
            dependsOn: dependsOn)
        (workload.secrets, workload.container) = (secrets, container)
        return DecodedWorkload(
            workload, position: position, dependsOn: dependsOnPositions, expose: expose, artifactPath: artifactPath,
            agePaths: agePaths, tag: tag, uses: uses)
    }
}

extension Decoder {
    /// Reads `spec` of a Workload.
    func workload(_ node: Int, runtimes: [Name: RuntimeCapabilities]) -> Draft? {
        guard let spec = record(node, "spec", as: WorkloadField.self) else { return nil }
        var draft = Draft()
        let able = spec[.runtime].flatMap { capabilities(of: $0, runtimes) }
        if let node = spec[.replicas] { draft.replicas = integer(node, "replicas", WorkloadRules.replicas) ?? 1 }
        // Ports first: placeholders and probes name them.
        if let node = spec[.ports] { ports(node, &draft) }
        if let node = spec[.command] { draft.command = command(node, "command", ports: draft.ports) }
        if let node = spec[.env] { draft.env = environment(node, ports: draft.ports) }
        if let node = spec[.artifact] { artifact(node, &draft, takesTags: able?.resolvesTags ?? false) }
        if let node = spec[.resources] { draft.resources = resources(node) }
        if let node = spec[.mounts] { mounts(node, &draft, containers: able?.containers ?? false) }
        if let node = spec[.health] { draft.health = health(node, ports: draft.ports) }
        if let node = spec[.rollout] { draft.rollout = rollout(node) }
        if draft.rollout.keepWarm > .zero, !draft.ports.contains(where: { $0.expose != nil }), let node = spec[.rollout] {
            report(
                node, "'keepWarm' needs a port with 'expose': without it the old generation would go on working beside the new")
        }
        if let node = spec[.dependsOn] { dependencies(node, &draft) }
        if let node = spec[.secrets] { secrets(node, &draft) }
        if let node = spec[.container] { container(node, &draft) }
        if let node = spec[.runtime], let name = name(node, "runtime") {
            draft.runtime = name
            draft.uses.append(PowerUse(power: .runtime(name.rawValue), position: position(node)))
            if let capabilities = runtimes[name] {
                check(spec, of: draft, runtime: name, can: capabilities)
            } else {
                let known = runtimes.keys.map(\.rawValue).sorted()
                report(
                    node,
                    "unknown runtime '\(name)'" + Spelling.hint(name.rawValue, among: known)
                        + " (configured: \(known.joined(separator: ", ")))")
            }
        }
        return draft
    }

    /// What the runtime that is named can do, without a word about a wrong name.
    private func capabilities(of written: Int, _ runtimes: [Name: RuntimeCapabilities]) -> RuntimeCapabilities? {
        let node = resolve(written)
        guard yaml.nodes[node].kind == .scalar else { return nil }
        return Name(yaml.string(node)).flatMap { runtimes[$0] }
    }

    private func dependencies(_ node: Int, _ draft: inout Draft) {
        var names: [Name] = []
        var positions: [Position] = []
        list(node, "dependsOn", count: 0...WorkloadRules.entries) { item in
            guard let name = name(item, "dependsOn") else { return }
            if names.contains(name) { return report(item, "dependsOn names '\(name)' twice") }
            names.append(name)
            positions.append(position(item))
        }
        (draft.dependsOn, draft.dependsOnPositions) = (names, positions)
    }
}
