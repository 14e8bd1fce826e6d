internal import CurfewModel

/// What is started, as whom, and with which rights.
extension ComposeReader {
    /// What Docker leaves to a container, of which images need the first eight to start; the others are rarely used.
    static let ordinaryCapabilities = [
        "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID",
    ]

    /// A command as a list, or as one text that is split as a shell would.
    func words(_ node: ComposeNode, _ path: String) -> [String]? {
        if node.isNull { return nil }
        if node.items != nil { return texts(node, path).map { escaped($0.text) } }
        guard let line = text(node, path) else { return nil }
        guard let words = ShellWords.split(line) else {
            fail(node, path, "a quote is not closed, or the line ends in '\\'")
            return nil
        }
        return words.map(escaped)
    }

    /// `$(` means a port to Curfew and nothing to Compose.
    func escaped(_ text: String) -> String { text.replacing("$(", with: "$$(") }

    /// Entrypoint and command, with which a command of its own begins.
    func startUp(_ draft: inout ComposeDraft) {
        let command = draft.command ?? []
        guard let entrypoint = draft.entrypoint else {
            draft.workload.container.args = command
            return
        }
        if !entrypoint.isEmpty {
            draft.workload.command = entrypoint
            draft.workload.container.args = command
        } else if !command.isEmpty {
            // An empty entrypoint takes the image's away: the command stands alone.
            draft.workload.command = command
        } else {
            fail(
                draft.node, "\(draft.path).entrypoint",
                "is empty, and without a command nothing is left to run; write a command")
        }
    }

    func user(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        guard let text = text(node, path), !text.isEmpty else { return }
        guard Decoder.isAccount(text) else {
            return fail(node, path, "'\(text.prefix(80))' is no account or number, with ':group' after it if need be")
        }
        draft.workload.container.user = text
    }

    func capabilities(_ node: ComposeNode, _ path: String) -> [String] {
        texts(node, path).map { $0.text.uppercased() }.map { $0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0 }
    }

    /// Capabilities and whether the root can be written to.
    func privileges(_ draft: inout ComposeDraft) {
        var kept = options.leastPrivilege ? [] : Self.ordinaryCapabilities
        if draft.dropped.contains("ALL") { kept = [] }
        if draft.added.contains("ALL") {
            let node = draft.node["cap_add"] ?? draft.node
            note(
                node, "\(draft.path).cap_add",
                "ALL is not carried over: no instance gets all rights of the host; name what it needs")
        }
        kept.removeAll { draft.dropped.contains($0) }
        for name in draft.added where name != "ALL" && !kept.contains(name) { kept.append(name) }
        draft.workload.container.capabilities = kept.sorted()
        draft.workload.container.writableRoot = !draft.readOnly && !options.leastPrivilege
    }
}
