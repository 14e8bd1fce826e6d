import CurfewDrivers
public import CurfewModel

/// Which ports a workload has inside its container, and what its placeholders stand for.
public enum PortPlan {
    /// The first port that is given to one that names none. Every container has all ports to itself.
    static let first = 8080

    /// The port inside the container by name: what the manifest says, else the next free one from 8080 on.
    public static func ports(of workload: Workload) -> [Name: Int] {
        var taken = Set(workload.ports.compactMap(\.port))
        var ports: [Name: Int] = [:]
        var next = first
        for port in workload.ports {
            if let number = port.port {
                ports[port.name] = number
            } else {
                while taken.contains(next) { next += 1 }
                taken.insert(next)
                ports[port.name] = next
            }
        }
        return ports
    }

    /// What `$(…)` stands for. Containers listen on all addresses: their network is their own.
    public static func placeholders(of workload: Workload) -> [String: String] {
        let ports = ports(of: workload)
        var values = ["HOST": "0.0.0.0"]
        for port in workload.ports { values[port.variable] = ports[port.name].map { String($0) } }
        values["PORT"] = workload.ports.first.flatMap { ports[$0.name] }.map { String($0) }
        return values
    }

    /// The environment that is added to the image's, sorted: the manifest's, the ports, and who it is.
    public static func environment(of workload: Workload, id: InstanceID) -> [String] {
        var values = placeholders(of: workload)
        var environment = workload.env.mapValues { Placeholders.replaced($0, values) }
        values["HOST"] = nil
        environment.merge(values) { _, ours in ours }
        environment["INSTANCE"] = id.rawValue
        environment["WORKLOAD"] = workload.name.rawValue
        return environment.map { "\($0.key)=\($0.value)" }.sorted()
    }
}
