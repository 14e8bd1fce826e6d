extension ComposeReader {
    /// Fields of a service that are not carried over: why, and what to do.
    static let reasons: [String: String] = [
        "annotations": "containers of Curfew have no annotations",
        "attach": "it is about the terminal of `docker compose up`; see `curfew logs`",
        "blkio_config": "Curfew limits cpu, memory and pids alone",
        "cgroup": "instances stay in a control group of their own",
        "cgroup_parent": "instances stay in a control group of their own",
        "container_name": "instances have names of their own; others find the service by its workload's name",
        "cpu_count": "it is for Windows; write cpus", "cpu_percent": "it is for Windows; write cpus",
        "cpu_period": "write cpus instead", "cpu_quota": "write cpus instead: quota divided by period",
        "cpu_rt_period": "real-time scheduling is not given away", "cpu_rt_runtime": "real-time scheduling is not given away",
        "cpu_shares": "CPU has a limit (cpus) and no weight", "cpuset": "CPU has a limit (cpus), and no choice of cores",
        "credential_spec": "it is for Windows", "develop": "it is for development on one's own machine",
        "device_cgroup_rules": "devices of the host are not given away",
        "devices": "devices of the host are not given away: leave this service to Compose, or to a host of its own",
        "dns": "instances ask the engine's name server; set it in the engine's own configuration",
        "dns_opt": "instances ask the engine's name server; set it in the engine's own configuration",
        "dns_search": "instances ask the engine's name server; write whole names",
        "domainname": "an instance is called by its id", "hostname": "an instance is called by its id; it is in $INSTANCE",
        "external_links": "put both into one network; a workload is found there by its name",
        "extra_hosts": "names come from the engine's name server; add the name there",
        "gpus": "devices of the host are not given away: leave this service to Compose, or to a host of its own",
        "group_add": "write the group as user: name:group", "ipc": "instances share no memory with others",
        "isolation": "it is for Windows", "label_file": "labels of containers are Curfew's own",
        "labels":
            "labels of containers are Curfew's own; programs that read them (proxies, dashboards) need their own configuration",
        "links": "put both into one network; a workload is found there by its name, and by no other",
        "logging": "logs are kept by the engine (json-file, 3 times 10 MB); collect them there, see `curfew logs`",
        "mac_address": "an instance has the address that the engine gives it",
        "mem_reservation": "memory has a limit and no reservation", "mem_swappiness": "instances do not swap",
        "memswap_limit": "instances with a limit of memory do not swap", "models": "Curfew runs containers alone",
        "oom_kill_disable": "an instance over its memory is ended",
        "oom_score_adj": "the kernel's order of victims is left as it is", "pid": "instances do not see processes of others",
        "platform": "the engine runs the platform that it has; with a digest of one platform the choice is made",
        "post_start": "nothing is run beside the program; put it into the image's entrypoint",
        "pre_stop": "nothing is run beside the program; let it take care of the signal that ends it",
        "privileged":
            "no instance gets all rights of the host; name what it needs with cap_add, or leave this service to Compose",
        "provider": "Curfew runs containers alone", "pull_policy": "an image is pulled once, when its digest is new",
        "pull_refresh_after": "an image is pulled once, when its digest is new",
        "runtime": "the engine's own default is used; set it there",
        "shm_size": "/dev/shm has the engine's size (64 MB); set default-shm-size in the engine's own configuration",
        "stdin_open": "nobody types into an instance; see `curfew exec`",
        "stop_signal": "the image's own STOPSIGNAL is sent; set it there", "storage_opt": "disks have no limit",
        "sysctls": "parameters of the kernel are left as they are; set them on the host",
        "tty": "nobody types into an instance; see `curfew exec`",
        "ulimits": "limits of processes are the engine's; set default-ulimits in the engine's own configuration",
        "use_api_socket": "the engine's socket is all rights of the host, and is not given away",
        "userns_mode": "it is a setting of the engine (userns-remap)", "uts": "instances have a name of their own",
        "volumes_from": "a volume belongs to one workload",
    ]

    /// Tells of a field that is not carried over; says nothing of a switch that is off or as it always is.
    func leaveOut(_ field: ComposeNode.Pair, _ path: String) {
        let node = field.value
        let isOff = node.raw?.lowercased() == "false"
        switch field.key {
        case "init":
            // There is always one.
            if isOff { note(node, path, "an init process is always there; programs that insist on pid 1 need another way") }
        case "security_opt":
            for (text, item) in texts(node, path) where text.replacing("=", with: ":") != "no-new-privileges:true" {
                if text == "no-new-privileges" { continue }
                note(
                    item, path, "'\(text)' is not carried over: the engine's own profiles are used, and no new privileges given"
                )
            }
        default:
            guard let reason = Self.reasons[field.key] else {
                let parent = path.dropLast(field.key.count + 1)
                return unknown(field, String(parent), among: Array(Self.carried) + Array(Self.reasons.keys))
            }
            if isOff, ["privileged", "tty", "stdin_open", "oom_kill_disable", "attach", "use_api_socket"].contains(field.key) {
                return
            }
            tell(.note, field.keyPosition, path, "is not carried over: \(reason)")
        }
    }

    func restart(_ node: ComposeNode, _ path: String) {
        guard let text = text(node, path), text != "always", text != "unless-stopped" else { return }
        note(
            node, path,
            "'\(text.prefix(40))' is not carried over: Curfew replaces whatever ends, for whatever reason; a job that ends is no workload"
        )
    }
}
