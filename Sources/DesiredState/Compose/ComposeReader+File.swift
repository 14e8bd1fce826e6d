internal import CurfewModel

extension ComposeReader {
    private static let limits = LoadLimits(nodes: 50_000)

    /// Reads the whole file; afterwards ``finished`` and ``notes`` tell what became of it.
    func read(_ bytes: [UInt8]) {
        let yaml = YAMLReader(limits: Self.limits, allowsMergeKeys: true)
        bytes.withUnsafeBytes { yaml.read($0) }
        var tree = ComposeTree(yaml)
        // What is not good YAML is not guessed at.
        if yaml.problems.isEmpty, let first = yaml.documents.first { root = tree.node(first) }
        for problem in yaml.problems + tree.problems { tell(.error, problem.position, "", problem.message) }
        guard errors == 0 else { return }
        guard !yaml.documents.isEmpty else { return tell(.error, Position(line: 0, column: 0), "", "the file is empty") }
        for other in yaml.documents.dropFirst() {
            tell(.error, yaml.position(of: other), "", "a Compose file is one document; this is another one")
        }
        guard root.pairs != nil else { return fail(root, "", "a Compose file has to be a mapping, not \(root.words)") }
        guard errors == 0, let services = root["services"] else {
            if errors == 0 { fail(root, "services", "is missing: there is nothing to carry over") }
            return
        }
        project = options.project ?? root["name"].flatMap { text($0, "name") } ?? options.folder
        guard errors == 0 else { return }
        convert(services)
        topLevel()
    }

    private func convert(_ node: ComposeNode) {
        var chosen: [ComposeNode.Pair] = []
        for pair in fields(node, "services", named: true) {
            guard let merged = extended(pair.key, pair.value, in: node) else { continue }
            guard merged.pairs != nil else {
                fail(pair.value, "services.\(pair.key)", "has to be a mapping, not \(pair.value.words)")
                continue
            }
            services[pair.key] = merged
            guard isChosen(pair, merged) else { continue }
            chosen.append(ComposeNode.Pair(key: pair.key, keyPosition: pair.keyPosition, value: merged))
        }
        for pair in chosen { findJobs(pair.value) }
        var drafts = chosen.compactMap { service($0) }
        settleDependencies(&drafts)
        finished = drafts.compactMap { checked($0) }
        dropMissing(drafts)
    }

    /// Takes away what waits for a service that turned out not to be carried over.
    private func dropMissing(_ drafts: [ComposeDraft]) {
        let there = Set(finished.map(\.workload.name))
        let nodes = Dictionary(drafts.map { ($0.service, $0.node) }, uniquingKeysWith: { first, _ in first })
        for index in finished.indices {
            let service = finished[index].service
            for name in finished[index].workload.dependsOn where !there.contains(name) {
                guard let node = nodes[service] else { continue }
                note(
                    node["depends_on"] ?? node, "services.\(service).depends_on",
                    "'\(name)' is not waited for, because it is not carried over")
            }
            finished[index].workload.dependsOn.removeAll { !there.contains($0) }
        }
    }

    private func isChosen(_ pair: ComposeNode.Pair, _ node: ComposeNode) -> Bool {
        guard let profiles = node["profiles"] else { return true }
        let path = "services.\(pair.key)"
        let names = texts(profiles, "\(path).profiles", orText: true).map(\.text)
        if names.isEmpty || options.profiles.contains("*") || names.contains(where: options.profiles.contains) { return true }
        tell(
            .note, pair.keyPosition, path,
            "is left out, because it belongs to the profile \(names.joined(separator: ", ")); take it with --profile \(names[0])"
        )
        return false
    }

    /// A service that others wait for until it has *ended* is a job.
    private func findJobs(_ node: ComposeNode) {
        for pair in node["depends_on"]?.pairs ?? [] where pair.value["condition"]?.raw == "service_completed_successfully" {
            jobs.insert(pair.key)
        }
    }

    /// What the real decoder says of what would be written: a last check, so that nothing invalid is written. The image may
    /// still have a tag alone, which is a note of its own.
    private func checked(_ draft: ComposeDraft) -> ImportedWorkload? {
        var workload = draft.workload
        let digest = "sha256:" + String(repeating: "0", count: 64)
        let image = workload.artifact.digest
        if !Decoder.isPinned(image) { workload.artifact = .image(image + "@" + digest) }
        guard let text = WorkloadManifest.text(of: workload) else { return nil }
        var can = RuntimeCapabilities(artifacts: [.image], limits: ["cpu", "memory", "pids"], volumes: true)
        (can.containers, can.secrets, can.placement) = (true, true, true)
        let reader = WorkloadReader(limits: LoadLimits(), runtimes: [workload.runtime: can])
        var copy = text
        let file = copy.withUTF8 { reader.read(UnsafeRawBufferPointer($0)) }
        for problem in file.problems { fail(draft.node, draft.path, "would not be a valid Workload: \(problem.message)") }
        guard file.problems.isEmpty, file.workloads.first?.workload == workload else {
            if file.problems.isEmpty { fail(draft.node, draft.path, "would be read as something else than it is") }
            return nil
        }
        return ImportedWorkload(
            service: draft.service, file: self.file,
            imagePosition: (draft.imageNode.position.line, draft.imageNode.position.column),
            workload: draft.workload)
    }
}
