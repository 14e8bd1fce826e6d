internal import CurfewModel

extension ComposeReader {
    private static let largestFile = 1 << 18

    /// `env_file` and `environment`, in that order.
    func environment(_ draft: inout ComposeDraft) {
        if let files = draft.environmentFiles { environmentFiles(files, &draft) }
        guard let node = draft.environment else { return }
        let path = "\(draft.path).environment"
        if let items = node.items {
            for (index, item) in items.enumerated() {
                let place = "\(path)[\(index)]"
                guard let raw = item.raw, !item.isNull else {
                    fail(item, place, "has to be NAME=value, not \(item.words)")
                    continue
                }
                guard let equals = raw.firstIndex(of: "=") else {
                    passedOn(raw, item, place, &draft)
                    continue
                }
                guard let name = expand(String(raw[..<equals]), item, place)?.text,
                    let value = expand(String(raw[raw.index(after: equals)...]), item, place)
                else { continue }
                set(name, value.text, item, "\(path).\(name)", &draft, from: value.used)
            }
            return
        }
        for pair in fields(node, path, named: true) {
            let place = "\(path).\(pair.key)"
            guard let raw = pair.value.raw else {
                fail(pair.value, place, "has to be a text, not \(pair.value.words)")
                continue
            }
            if pair.value.isNull {
                passedOn(pair.key, pair.value, place, &draft)
            } else if let value = expand(raw, pair.value, place) {
                set(pair.key, value.text, pair.value, place, &draft, from: value.used)
            }
        }
    }

    /// A name without a value: it comes from whoever runs Compose.
    private func passedOn(_ name: String, _ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        if let value = options.variables[name] { return set(name, value, node, "\(draft.path).environment.\(name)", &draft) }
        note(node, path, "\(name) has no value here, and is left out; set it with --env-file")
    }

    /// Sets a variable unless it looks like a secret.
    private func set(
        _ name: String, _ value: String, _ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft,
        from used: [String] = []
    ) {
        let source = used.first { isSecret($0, options.variables[$0] ?? "") }
        if isSecret(name, value) || source != nil && !options.keptVariables.contains(name) {
            draft.workload.env[name] = nil
            note(
                node, path,
                "is left out: it looks like a secret. Put it into a file, name that under 'secrets', and let the program read it (often as \(name)_FILE); if it is harmless, --keep-env \(name)"
            )
            return
        }
        if name == "INSTANCE" || name == "WORKLOAD" {
            return note(node, path, "is left out: Curfew sets \(name) itself; give yours another name")
        }
        guard draft.workload.env.count < WorkloadRules.entries else {
            return fail(node, path, "a workload has at most \(WorkloadRules.entries) variables")
        }
        draft.workload.env[name] = escaped(value)
    }

    private func environmentFiles(_ node: ComposeNode, _ draft: inout ComposeDraft) {
        let path = "\(draft.path).env_file"
        // A single file may be given as a mapping, too.
        for (index, item) in (node.pairs == nil ? list(node, path, orText: true) : [node]).enumerated() {
            let place = "\(path)[\(index)]"
            var optional = false
            var literal = false
            if item.pairs != nil {
                for field in fields(item, place) {
                    switch field.key {
                    case "path": break
                    case "required": optional = bool(field.value, "\(place).required") == false
                    case "format": literal = text(field.value, "\(place).format") == "raw"
                    default: unknown(field, place, among: ["path", "required", "format"])
                    }
                }
            }
            guard let name = text(item["path"] ?? item, place) else { continue }
            let bytes: [UInt8]
            do throws(ComposeFileFault) { bytes = try beside(name) } catch {
                let message = "'\(name.prefix(200))' is not carried over: \(error.message)"
                note(item, place, optional ? message : message + "; write its variables as 'environment', secrets as 'secrets'")
                continue
            }
            guard hasRoom(bytes.count, item, place) else { return }
            guard bytes.count <= Self.largestFile else {
                fail(item, place, "'\(name.prefix(200))' has more than \(Self.largestFile) bytes")
                continue
            }
            do throws(EnvFile.Fault) {
                for entry in try EnvFile.entries(bytes, literal: literal, { self.options.variables[$0] }) {
                    let place = "\(draft.path).env_file(\(name)).\(entry.name)"
                    guard let value = entry.value ?? options.variables[entry.name] else {
                        note(item, place, "has no value in line \(entry.line) of '\(name)', and is left out")
                        continue
                    }
                    set(entry.name, value, item, place, &draft)
                }
            } catch { fail(item, place, "'\(name.prefix(200))', line \(error.line): \(error.message)") }
        }
    }

    /// Tells of variables that Curfew sets itself, once the ports are known.
    func reservedVariables(_ draft: inout ComposeDraft) {
        guard !draft.workload.ports.isEmpty else { return }
        var ours = ["PORT": draft.workload.ports[0].port]
        for port in draft.workload.ports { ours[port.variable] = port.port }
        for (name, port) in ours {
            guard let value = draft.workload.env[name], value != port.map({ String($0) }) else { continue }
            draft.workload.env[name] = nil
            note(
                draft.environment ?? draft.node, "\(draft.path).environment.\(name)",
                "is left out: Curfew sets \(name) itself, to the port \(port ?? 0); name another port first, or tell the program by its command"
            )
        }
    }
}
