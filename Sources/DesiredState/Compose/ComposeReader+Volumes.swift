internal import CurfewModel

extension ComposeReader {
    /// One entry of `volumes`, whichever way it is written.
    private struct VolumeSpec {
        var kind: String
        var source: String?
        var target: String
        var options: [String] = []
        var size: ByteCount?
    }
    private static let memory = ByteCount(64 << 20)

    func volumes(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        for (index, item) in list(node, path).enumerated() {
            let place = "\(path)[\(index)]"
            guard let spec = item.pairs == nil ? short(item, place) : long(item, place) else { continue }
            switch spec.kind {
            case "volume":
                for option in spec.options where !["rw", ""].contains(option) {
                    note(item, place, Self.reason(ofOption: option))
                }
                volume(spec, item, place, &draft)
            case "tmpfs": memoryMount(spec.target, spec.size, item, place, &draft)
            case "bind": note(item, place, Self.reason(ofBind: spec.source ?? ""))
            default: note(item, place, "type '\(spec.kind.prefix(40))' is not carried over: a mount is a volume or in memory")
            }
        }
    }

    /// `tmpfs`: paths with options.
    func tmpfs(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        for (index, entry) in texts(node, path, orText: true).enumerated() {
            let place = "\(path)[\(index)]"
            let parts = entry.text.split(separator: ":", maxSplits: 1)
            var size: ByteCount?
            for option in parts.count > 1 ? parts[1].split(separator: ",") : [] {
                if option.hasPrefix("size=") {
                    size = ComposeQuantity.bytes(String(option.dropFirst(5)))
                    if size == nil { fail(entry.node, place, "'\(option.prefix(40))' is no size such as 64m") }
                } else if !["rw", "nosuid", "nodev", "noexec", "mode=1777", "mode=777"].contains(option) {
                    note(
                        entry.node, place,
                        "'\(option.prefix(40))' is not carried over: places in memory are for everybody in the instance (mode 1777)"
                    )
                }
            }
            memoryMount(parts.first.map(String.init) ?? "", size, entry.node, place, &draft)
        }
    }

    private func short(_ node: ComposeNode, _ path: String) -> VolumeSpec? {
        guard let text = text(node, path) else { return nil }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        // A drive letter of Windows.
        if parts.count > 1, parts[0].count == 1, parts[0].first?.isLetter == true, parts[1].hasPrefix("\\") {
            parts[0] += ":" + parts.remove(at: 1)
        }
        guard (1...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            fail(node, path, "'\(text.prefix(80))' is no volume such as data:/var/lib/data or ./folder:/folder:ro")
            return nil
        }
        if parts.count == 1 { return VolumeSpec(kind: "volume", target: parts[0]) }
        let isFolder = [".", "/", "~", "\\"].contains { parts[0].hasPrefix($0) } || parts[0].contains("\\")
        return VolumeSpec(
            kind: isFolder ? "bind" : "volume", source: parts[0], target: parts[1],
            options: parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : [])
    }

    private func long(_ node: ComposeNode, _ path: String) -> VolumeSpec? {
        var spec = VolumeSpec(kind: "", target: "")
        for field in fields(node, path) {
            let place = "\(path).\(field.key)"
            switch field.key {
            case "type": spec.kind = text(field.value, place) ?? ""
            case "source": spec.source = text(field.value, place)
            case "target": spec.target = text(field.value, place) ?? ""
            case "read_only": if bool(field.value, place) == true { spec.options.append("ro") }
            case "tmpfs":
                for inner in fields(field.value, place) {
                    if inner.key == "size" {
                        spec.size = memory(inner.value, "\(place).size")
                    } else {
                        note(inner.value, "\(place).\(inner.key)", "is not carried over: places in memory have mode 1777")
                    }
                }
            case "volume":
                for inner in fields(field.value, place) where inner.value.raw?.lowercased() != "false" {
                    note(
                        inner.value, "\(place).\(inner.key)",
                        "is not carried over: a volume is mounted whole, and filled by the engine")
                }
            // Said once for the whole mount.
            case "bind" where spec.kind == "bind": break
            case "bind", "image", "consistency":
                note(field.value, place, "is not carried over: it is about mounts of another kind")
            default:
                unknown(
                    field, path,
                    among: ["type", "source", "target", "read_only", "tmpfs", "volume", "bind", "image", "consistency"])
            }
        }
        if spec.kind.isEmpty || spec.target.isEmpty { fail(node, path, "needs 'type' and 'target'") }
        return spec.kind.isEmpty || spec.target.isEmpty ? nil : spec
    }

    private func volume(_ spec: VolumeSpec, _ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        guard let target = place(spec.target, node, path, draft) else { return }
        guard let source = spec.source else {
            note(node, path, "has no name, so what is in it goes with its instance; name a volume to keep it")
            return draft.workload.mounts.append(Mount(path: target))
        }
        guard let volume = label(source, node.position, path) else { return }
        used.insert("volumes.\(source)")
        if root["volumes"]?[source] == nil, root["volumes"]?.pairs?.contains(where: { $0.key == source }) != true {
            note(node, path, "volume '\(source)' is not declared under 'volumes'; it is taken for one without options")
        }
        if let owner = volumeOwner[source], owner != draft.service {
            note(
                node, path,
                "'\(source)' is shared with '\(owner)', and a volume of Curfew belongs to one workload: this one gets its own, empty; let one of them serve the data to the other"
            )
        } else {
            volumeOwner[source] = draft.service
        }
        guard !draft.workload.mounts.contains(where: { $0.volume == volume }) else {
            return note(node, path, "volume '\(volume)' is mounted already, and once is all it can be")
        }
        draft.hasVolume = true
        draft.workload.mounts.append(Mount(path: target, volume: volume))
    }

    private func memoryMount(
        _ target: String, _ size: ByteCount?, _ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft
    ) {
        guard let target = place(target, node, path, draft) else { return }
        var taken = size ?? Self.memory
        if size == nil { note(node, path, "names no size; \(Self.memory) is taken") }
        if !WorkloadRules.memory.contains(taken) {
            taken = max(WorkloadRules.memory.lowerBound, min(taken, WorkloadRules.memory.upperBound))
            note(node, path, "the size is set to \(taken), which is as near as it can be")
        }
        draft.workload.mounts.append(Mount(path: target, volume: nil, tmpfs: taken))
    }

    /// A place that something can be mounted at, normalised.
    private func place(_ target: String, _ node: ComposeNode, _ path: String, _ draft: ComposeDraft) -> String? {
        guard draft.workload.mounts.count < WorkloadRules.entries else {
            fail(node, path, "a workload has at most \(WorkloadRules.entries) mounts")
            return nil
        }
        var target = target
        while target.count > 1, target.hasSuffix("/") { target.removeLast() }
        if let fault = Decoder.mountFault(target, containers: true) {
            note(node, path, "nothing is mounted at '\(target.prefix(80))': it \(fault)")
            return nil
        }
        if let other = draft.workload.mounts.first(where: { Decoder.overlap($0.path, target) }) {
            if other.path == target, other.volume == nil { return nil }
            note(
                node, path,
                "nothing is mounted at '\(target.prefix(80))': it overlaps '\(other.path)', and mounts stand beside each other")
            return nil
        }
        return target
    }

    private static func reason(ofBind source: String) -> String {
        if source.hasSuffix("docker.sock") {
            return "the engine's socket is all rights of the host, and is not given away; leave this service to Compose"
        }
        return
            "'\(source.prefix(120))' is of the host, and is not carried over: put configuration into the image or, as a file, under 'secrets', and data into a named volume"
    }

    private static func reason(ofOption option: String) -> String {
        switch option {
        case "ro": "'ro' is not carried over: the instance can write to the volume"
        case "z", "Z": "'\(option)' is not carried over: labels of SELinux are the engine's"
        case "nocopy": "'nocopy' is not carried over: the engine fills an empty volume from the image"
        default: "'\(option.prefix(40))' is not carried over: mounts have no such option"
        }
    }
}
