internal import CurfewModel

extension ComposeReader {
    /// Fields of a service that are carried over, or looked at.
    static let carried: Set<String> = [
        "image", "build", "command", "entrypoint", "environment", "env_file", "ports", "expose", "volumes", "tmpfs", "user",
        "working_dir", "read_only", "cap_add", "cap_drop", "networks", "network_mode", "depends_on", "healthcheck", "deploy",
        "scale", "mem_limit", "cpus", "pids_limit", "stop_grace_period", "secrets", "configs", "restart", "extends", "profiles",
        "init", "security_opt", "privileged", "stdin_open", "tty", "oom_kill_disable", "use_api_socket", "attach",
        "mem_reservation", "logging", "links", "container_name",
    ]

    /// Carries over one service; `nil` when that cannot be done, which is told.
    func service(_ pair: ComposeNode.Pair) -> ComposeDraft? {
        let before = errors
        let path = "services.\(pair.key)"
        let name = label(
            pair.key, pair.keyPosition, path,
            ", and other services find it by that name alone: look for '\(pair.key.prefix(80))' in their commands and environment"
        )
        var draft = ComposeDraft(
            pair, name: name ?? Name(literal: "unnamed"), runtime: options.runtime)
        if jobs.contains(pair.key) {
            tell(
                .error, pair.keyPosition, path,
                "is a job: others wait until it has ended, and Curfew keeps what it runs running; run it before the deploy, or as the first step of the program that waits for it"
            )
        }
        for field in fields(pair.value, path) { take(field, &draft) }
        complete(&draft)
        return errors == before && name != nil ? draft : nil
    }

    private func take(_ field: ComposeNode.Pair, _ draft: inout ComposeDraft) {
        let node = field.value
        let path = "\(draft.path).\(field.key)"
        // `key:` with nothing behind it means the default, but for these.
        if node.isNull, !["command", "entrypoint", "environment"].contains(field.key) { return }
        switch field.key {
        case "image": image(node, path, &draft)
        case "build": draft.build = node
        case "command": draft.command = words(node, path)
        case "entrypoint": draft.entrypoint = node.isNull ? nil : words(node, path)
        case "environment": draft.environment = node
        case "env_file": draft.environmentFiles = node
        case "ports": ports(node, path, &draft)
        case "expose": expose(node, path, &draft)
        case "volumes": volumes(node, path, &draft)
        case "tmpfs": tmpfs(node, path, &draft)
        case "user": user(node, path, &draft)
        case "working_dir": draft.workload.container.workingDir = text(node, path)
        case "read_only": draft.readOnly = bool(node, path) ?? false
        case "cap_add": draft.added = capabilities(node, path)
        case "cap_drop": draft.dropped = capabilities(node, path)
        case "networks": networks(node, path, &draft)
        case "network_mode": networkMode(node, path, &draft)
        case "depends_on": dependencies(node, path, &draft)
        case "healthcheck": healthcheck(node, path, &draft)
        case "deploy": deploy(node, path, &draft)
        case "scale": draft.replicas = replicas(node, path) ?? draft.replicas
        case "mem_limit": draft.workload.resources.memory = memory(node, path) ?? draft.workload.resources.memory
        case "cpus": draft.workload.resources.cpu = cpu(node, path) ?? draft.workload.resources.cpu
        case "pids_limit": draft.workload.resources.pids = pids(node, path) ?? draft.workload.resources.pids
        case "stop_grace_period": drain(node, path, &draft)
        case "secrets": secrets(node, path, "secrets", &draft)
        case "configs": secrets(node, path, "configs", &draft)
        case "restart": restart(node, path)
        // Taken care of before.
        case "extends", "profiles": break
        default: leaveOut(field, path)
        }
    }

    /// What can only be said once all fields are known.
    private func complete(_ draft: inout ComposeDraft) {
        startUp(&draft)
        environment(&draft)
        reservedVariables(&draft)
        privileges(&draft)
        if draft.workload.artifact == .none {
            if !draft.isImageWrong { missingImage(draft) }
        } else if let build = draft.build {
            built(build, draft)
        }
        draft.workload.container.networks = draft.networks ?? defaultNetwork(draft)
        if let replicas = draft.replicas { draft.workload.replicas = replicas }
        rollout(&draft)
    }

    private func image(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        draft.imageNode = node
        guard let reference = text(node, path) else {
            draft.isImageWrong = true
            return
        }
        guard !reference.isEmpty else { return }
        let digest = "@sha256:" + String(repeating: "0", count: 64)
        guard Decoder.isPinned(reference) || Decoder.isPinned(reference + digest), reference.utf8.count <= 400 else {
            draft.isImageWrong = true
            return fail(node, path, "'\(reference.prefix(80))' is no reference of an image, such as registry/app:1.2")
        }
        draft.workload.artifact = .image(reference)
    }

    private func missingImage(_ draft: ComposeDraft) {
        guard let build = draft.build else {
            if draft.imageNode.position == draft.node.position {
                fail(draft.node, draft.path, "has neither an image nor anything to build one from")
            } else if draft.imageNode.raw != nil {
                fail(draft.imageNode, "\(draft.path).image", "names no image")
            }
            return
        }
        fail(
            build, "\(draft.path).build",
            "Curfew builds nothing: build and push it (docker build -t registry.example/\(draft.workload.name) …; docker push), and name it as 'image'"
        )
    }

    private func built(_ build: ComposeNode, _ draft: ComposeDraft) {
        note(
            build, "\(draft.path).build",
            "Curfew builds nothing: build \(draft.workload.artifact.digest) and push it to a registry that the engine reaches")
    }
}
