import CurfewDockerAPI

/// Compares what the engine says of a container with what it was asked to make.
enum ConfigurationDrift {
    /// The first difference in words; `nil` when it is as it was made. What was left to the image or the engine is not
    /// compared.
    static func first(_ details: ContainerDetails, made request: ContainerRequest) -> String? {
        let (config, host) = (details.Config, details.HostConfig)
        let (wanted, wantedHost) = (request.config, request.host)
        // The request names the image by its id.
        if let image = wanted.Image, details.Image != image { return "its image is another one" }
        if let labels = wanted.Labels,
            (config.Labels ?? [:]).merging(labels, uniquingKeysWith: { _, ours in ours }) != config.Labels
        {
            return "its labels were changed"
        }
        if let entrypoint = wanted.Entrypoint, config.Entrypoint ?? [] != entrypoint { return "its entrypoint was changed" }
        if let command = wanted.Cmd, config.Cmd ?? [] != command { return "its command was changed" }
        if let user = wanted.User, config.User ?? "" != user { return "its user was changed" }
        if let folder = wanted.WorkingDir, config.WorkingDir ?? "" != folder { return "its working folder was changed" }
        let environment = Set(config.Env ?? [])
        if let missing = (wanted.Env ?? []).first(where: { !environment.contains($0) }) {
            return "its environment variable \(missing.prefix { $0 != "=" }) was changed"
        }
        if host.Privileged ?? false { return "it is privileged" }
        if !(host.Binds ?? []).isEmpty { return "a folder of the host is mounted" }
        if (host.ReadonlyRootfs ?? false) != (wantedHost.ReadonlyRootfs ?? false) { return "its root file system is writable" }
        if Set(host.CapAdd ?? []) != Set(wantedHost.CapAdd ?? []) { return "its capabilities were changed" }
        if !(host.CapDrop ?? []).contains(where: { $0.uppercased() == "ALL" }) { return "its capabilities were changed" }
        if !(host.SecurityOpt ?? []).contains(where: { $0.hasPrefix("no-new-privileges") }) {
            return "new privileges are allowed"
        }
        for (name, value, made) in [
            ("memory", host.Memory, wantedHost.Memory), ("CPU", host.NanoCpus, wantedHost.NanoCpus),
            ("process", host.PidsLimit, wantedHost.PidsLimit),
        ] where max(value ?? 0, 0) != made ?? 0 { return "its \(name) limit was changed" }
        if host.NetworkMode != wantedHost.NetworkMode { return "its network was changed" }
        if (host.RestartPolicy?.Name ?? "no") != "no", host.RestartPolicy?.Name != "" {
            return "its restart policy was changed"
        }
        if Set((host.Mounts ?? []).map(\.Target)) != Set((wantedHost.Mounts ?? []).map(\.Target)) {
            return "its mounts were changed"
        }
        return nil
    }

    /// Files that somebody changed: everything but what the engine makes itself and what may be written.
    static func changedFiles(_ changes: [FileChange], writable: [String]) -> [String] {
        let engine = [
            "/dev", "/etc", "/proc", "/run", "/sys", "/.dockerenv", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
            "/etc/mtab", "/sbin", "/sbin/docker-init",
        ]
        return changes.map(\.Path).filter { path in
            if engine.contains(path) || path.hasPrefix("/dev/") { return false }
            // The places themselves, what is above them, and what lies in them.
            return !writable.contains { $0 == path || $0.hasPrefix(path + "/") || path.hasPrefix($0 + "/") }
        }
    }
}
