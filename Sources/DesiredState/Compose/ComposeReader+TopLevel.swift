extension ComposeReader {
    /// What stands beside the services.
    func topLevel() {
        for pair in fields(root, "") {
            switch pair.key {
            case "services", "name", "version": break
            case "networks": declared(pair, Self.networkReason)
            case "volumes": declared(pair, Self.volumeReason)
            case "secrets", "configs": declared(pair, Self.secretReason)
            case "include":
                note(
                    pair.value, pair.key,
                    "is not read: import those files too, or what `docker compose config --no-interpolate` prints")
            case "models": tell(.note, pair.keyPosition, pair.key, "is not carried over: Curfew runs containers alone")
            default:
                tell(
                    .note, pair.keyPosition, pair.key,
                    "is no field that is known here, and not carried over"
                        + Spelling.hint(
                            pair.key, among: ["services", "networks", "volumes", "secrets", "configs", "include", "name"]))
            }
        }
        if !finished.isEmpty { general() }
    }

    /// What holds for all services.
    private func general() {
        guard !options.leastPrivilege, let services = root["services"] else { return }
        if finished.contains(where: { $0.workload.container.writableRoot || !$0.workload.container.capabilities.isEmpty }) {
            note(
                services, "services",
                "instances keep the capabilities that ordinary images start with (not AUDIT_WRITE, MKNOD, NET_RAW, SETFCAP, SETPCAP, SYS_CHROOT) and a root that can be written to, as with Compose; see how far you get with --least-privilege"
            )
        }
    }

    private func declared(_ section: ComposeNode.Pair, _ reason: (String, String) -> String?) {
        for pair in fields(section.value, section.key, named: true) {
            let path = "\(section.key).\(pair.key)"
            if !used.contains(path), finished.isEmpty == false {
                tell(.note, pair.keyPosition, path, "is used by no service that is carried over")
                continue
            }
            if section.key == "volumes", let owner = volumeOwner[pair.key] {
                let owners = finished.filter { $0.service == owner }.map(\.workload.name)
                if let name = owners.first, let volume = Self.label(pair.key) {
                    tell(
                        .note, pair.keyPosition, path,
                        "begins empty as curfew.\(name).\(volume); to keep what is in it, stop Compose and copy it there before the first start"
                    )
                }
            }
            if section.key == "networks", let label = Self.label(pair.key), label.rawValue != pair.key {
                tell(
                    .note, pair.keyPosition, path, "is no DNS label; it is called '\(label)', with the project's name in front")
            }
            for field in pair.value.isNull ? [] : fields(pair.value, path) {
                let value = field.value.raw?.lowercased() ?? ""
                if let message = reason(field.key, value) {
                    tell(.note, field.keyPosition, "\(path).\(field.key)", message)
                }
            }
        }
    }

    private static func networkReason(_ field: String, _ value: String) -> String? {
        switch field {
        case "name": return nil
        case "driver" where value == "bridge" || value.isEmpty: return nil
        case "driver": return "is not carried over: the runtime makes networks of its own kind"
        case "external" where value == "false": return nil
        case "external":
            return
                "networks of Curfew are its own: containers outside it are not met there; import them too, or reach them by an exposed port"
        case "internal" where value != "true": return nil
        case "internal": return "is not carried over: networks of Curfew lead outside"
        case "attachable" where value == "false": return nil
        case "attachable": return "is not carried over: containers outside Curfew are not met there"
        case "ipam", "driver_opts", "enable_ipv4", "enable_ipv6": return "is not carried over: the engine chooses addresses"
        case "labels": return "is not carried over: labels of networks are Curfew's own"
        default: return "is no field that is known here, and not carried over"
        }
    }

    private static func volumeReason(_ field: String, _ value: String) -> String? {
        switch field {
        case "name": return "is not carried over: volumes are named after their workloads"
        case "driver" where value == "local" || value.isEmpty: return nil
        case "driver", "driver_opts": return "is not carried over: volumes are the engine's local ones"
        case "external" where value == "false": return nil
        case "external": return "is not carried over: volumes are made by Curfew"
        case "labels": return "is not carried over: labels of volumes are Curfew's own"
        default: return "is no field that is known here, and not carried over"
        }
    }

    private static func secretReason(_ field: String, _ value: String) -> String? {
        switch field {
        // Told where a service uses it.
        case "file", "name": return nil
        case "external" where value == "false": return nil
        case "external": return "lies in the Swarm, which does not give it back: put it into a file again"
        case "environment": return "is not carried over: put the variable's value into a file"
        case "content": return "is not carried over: put it into a file"
        case "labels", "driver", "driver_opts", "template_driver": return "is not carried over: a secret is a file, as it is"
        default: return "is no field that is known here, and not carried over"
        }
    }
}
