import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
import CurfewModel

/// What the swarm is asked to run for one instance: a service of one task, put together without asking anybody.
enum ServiceRequest {
    /// - Parameters:
    ///   - secrets: secrets of the swarm, as files.
    ///   - networks: ids of the networks that it joins.
    static func spec(
        _ mark: ContainerMark, of workload: Workload, image: String, secrets: [ServiceContainer.Secret], networks: [String],
        formerVolumes: Set<Name> = []
    ) -> ServiceSpec {
        var task = ServiceSpec.Task(container: container(mark, of: workload, image: image, formerVolumes))
        if !secrets.isEmpty { task.ContainerSpec.Secrets = secrets }
        let limits = workload.resources
        if limits != Resources() {
            task.Resources = .init(
                Limits: .init(
                    NanoCPUs: limits.cpu.map { Int64($0.value) * 1_000_000 }, MemoryBytes: limits.memory?.value,
                    Pids: limits.pids.map { Int64($0) }))
        }
        // A task whose node is lost is made anew elsewhere only under a policy that restarts. What ends by itself is
        // replaced by Curfew; the pause is for Curfew to be first.
        task.RestartPolicy = .init(Condition: "on-failure", Delay: 5_000_000_000)
        if !workload.container.placement.isEmpty { task.Placement = .init(Constraints: workload.container.placement) }
        if !networks.isEmpty {
            task.Networks = networks.map { .init(Target: $0, Aliases: [workload.name.rawValue, mark.id.rawValue]) }
        }
        task.LogDriver = .init(Name: "json-file", Options: ["max-size": "10m", "max-file": "3"])
        var spec = ServiceSpec(name: name(of: mark.id), labels: mark.labels, task: task)
        // No address for all tasks and no mesh: the edge balances, and the kernel needs no IPVS.
        spec.EndpointSpec = .init(Mode: "dnsrr", Ports: Set(mark.ports.values).sorted().map { .init(onHost: $0) })
        return spec
    }

    /// A service's name has at most 63 bytes and an instance's id up to 100.
    static func name(of id: InstanceID) -> String { EngineNames.fitted(id.rawValue, limit: 63) }

    private static func container(
        _ mark: ContainerMark, of workload: Workload, image: String, _ formerVolumes: Set<Name>
    ) -> ServiceContainer {
        let values = PortPlan.placeholders(of: workload)
        let options = workload.container
        var container = ServiceContainer(Image: image)
        // Not an instance of a Docker runtime's, which may look at the same node's engine.
        container.Labels = mark.labels.merging([ContainerMark.kind: "task"]) { _, task in task }
        container.Hostname = mark.id.hostname
        if !workload.command.isEmpty { container.Command = workload.command.map { Placeholders.replaced($0, values) } }
        if !options.args.isEmpty { container.Args = options.args.map { Placeholders.replaced($0, values) } }
        container.Env = PortPlan.environment(of: workload, id: mark.id)
        container.User = options.user
        container.Dir = options.workingDir
        // What we probe the engine need not.
        if workload.health?.probe != .image { container.Healthcheck = .init(Test: ["NONE"]) }
        container.Privileges = .init(NoNewPrivileges: true)
        container.CapabilityDrop = ["ALL"]
        if !options.capabilities.isEmpty { container.CapabilityAdd = options.capabilities.map { "CAP_\($0)" }.sorted() }
        container.ReadOnly = !options.writableRoot
        container.Init = true
        // A service is never changed, so the grace is settled when it is made: as long as a healthy one gets.
        container.StopGracePeriod = max(workload.rollout.drain.milliseconds, 1000) * 1_000_000
        container.Mounts = mounts(workload, mark.owner, formerVolumes)
        return container
    }

    private static func mounts(_ workload: Workload, _ owner: String, _ former: Set<Name>) -> [ServiceContainer.Mount] {
        var mounts = workload.mounts.map { mount -> ServiceContainer.Mount in
            if let size = mount.tmpfs { return .init(memory: size.value, at: mount.path) }
            guard let volume = mount.volume else {
                let mark = ObjectMark("scratch", owner: owner, ["workload": workload.name.rawValue])
                return .init(volume: nil, at: mount.path, labels: mark.labels)
            }
            let name =
                former.contains(volume)
                ? EngineNames.formerVolume(volume, of: workload.name) : EngineNames.volume(volume, of: workload.name)
            let mark = ObjectMark.volume(volume, of: workload.name, owner: owner)
            return .init(volume: name, at: mount.path, labels: mark.labels)
        }
        // A place for temporary files that every program expects, unless the manifest has something else there.
        if !workload.mounts.contains(where: { $0.path == "/tmp" }) { mounts.append(.init(memory: 64 << 20, at: "/tmp")) }
        return mounts
    }
}
