import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
import CurfewModel
import Foundation

/// What the engine is asked to make for one instance: a value, put together without asking anybody, and kept in the
/// ledger to compare the container with.
struct ContainerRequest: Codable, Sendable {
    var config = ContainerConfig()
    var host = HostConfig()
    /// Where it may write besides its own file system.
    var writable: [String] = []

    /// - Parameters:
    ///   - image: the image's id or reference.
    ///   - secrets: files of this machine by path in the container.
    init(
        _ mark: ContainerMark, of workload: Workload, image: String, network: String, secrets: [String: String],
        reach: DockerRuntimeConfiguration.Reach, volumeName: (Name) -> String
    ) {
        let values = PortPlan.placeholders(of: workload)
        let options = workload.container
        config.Image = image
        config.Labels = mark.labels
        config.Hostname = mark.id.hostname
        if !workload.command.isEmpty {
            config.Entrypoint = workload.command.map { Placeholders.replaced($0, values) }
            config.Cmd = []
        }
        if !options.args.isEmpty { config.Cmd = options.args.map { Placeholders.replaced($0, values) } }
        config.Env = PortPlan.environment(of: workload, id: mark.id)
        config.User = options.user
        config.WorkingDir = options.workingDir
        config.ExposedPorts = Dictionary(mark.ports.values.map { ("\($0)/tcp", .init()) }) { first, _ in first }
        // What we probe the engine need not.
        if workload.health?.probe != .image { config.Healthcheck = .init(Test: ["NONE"]) }
        limit(workload)
        host.CapDrop = ["ALL"]
        host.CapAdd = options.capabilities.isEmpty ? nil : options.capabilities.sorted()
        host.SecurityOpt = ["no-new-privileges:true"]
        host.ReadonlyRootfs = !options.writableRoot
        host.Privileged = false
        host.NetworkMode = network
        host.RestartPolicy = .init(Name: "no")
        host.Init = true
        host.LogConfig = .init(kind: "json-file", config: ["max-size": "10m", "max-file": "3"])
        mount(workload, secrets, volumeName)
        if case .published(let address) = reach {
            host.PortBindings = Dictionary(
                mark.ports.values.map { ("\($0)/tcp", [.init(HostIp: address, HostPort: "")]) }
            ) { first, _ in first }
        }
    }

    private mutating func limit(_ workload: Workload) {
        if let memory = workload.resources.memory {
            host.Memory = memory.value
            // No swap on top: over the limit is over the limit.
            host.MemorySwap = memory.value
        }
        if let cpu = workload.resources.cpu { host.NanoCpus = Int64(cpu.value) * 1_000_000 }
        if let pids = workload.resources.pids { host.PidsLimit = Int64(pids) }
    }

    private mutating func mount(_ workload: Workload, _ secrets: [String: String], _ volumeName: (Name) -> String) {
        // A place for temporary files that every program expects, unless the manifest has something else there.
        var tmpfs = ["/tmp": "rw,nosuid,nodev,mode=1777,size=64m"]
        var mounts: [HostConfig.Mount] = []
        for mount in workload.mounts {
            writable.append(mount.path)
            tmpfs["/tmp"] = mount.path == "/tmp" ? nil : tmpfs["/tmp"]
            if let size = mount.tmpfs {
                tmpfs[mount.path] = "rw,nosuid,nodev,mode=1777,size=\(size.value)"
            } else if let volume = mount.volume {
                mounts.append(.init(kind: "volume", source: volumeName(volume), target: mount.path))
            } else {
                // Without a name it goes with its container.
                mounts.append(
                    .init(
                        kind: "volume", source: nil, target: mount.path, volume: .init(Labels: [ContainerMark.kind: "scratch"]))
                )
            }
        }
        for (path, source) in secrets.sorted(by: { $0.key < $1.key }) {
            mounts.append(.init(kind: "bind", source: source, target: path, readOnly: true))
        }
        host.Tmpfs = tmpfs
        host.Mounts = mounts.isEmpty ? nil : mounts
        writable += ["/tmp", "/run/secrets"]
    }

    /// For the ledger.
    func encoded() throws -> Data { try JSONEncoder().encode(self) }
}
