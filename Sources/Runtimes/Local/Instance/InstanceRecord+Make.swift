import CurfewDrivers
import CurfewModel

extension InstanceRecord {
    /// The record of a fresh instance: placeholders are replaced and the environment is put together.
    init(
        _ id: InstanceID, _ desired: DesiredWorkload, ports: [Name: Int], createdAt: Instant, artifact: StoreEntry?,
        hostFiles: StoreEntry
    ) {
        let workload = desired.workload
        var values: [String: String] = [:]
        for port in workload.ports { values[port.variable] = ports[port.name].map { String($0) } }
        values["PORT"] = workload.ports.first.flatMap { ports[$0.name] }.map { String($0) }
        var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", "LANG": "C.UTF-8"]
        // The address to listen on: nobody but the edge has to reach an instance.
        let host = ["HOST": "127.0.0.1"]
        let words = values.merging(host) { ours, _ in ours }
        for (key, value) in workload.env { environment[key] = Placeholders.replaced(value, words) }
        environment.merge(values) { _, ours in ours }
        environment["INSTANCE"] = id.rawValue
        environment["WORKLOAD"] = workload.name.rawValue
        self.init(
            id: id, workload: workload.name, generation: desired.generation, parts: desired.parts, revision: desired.revision,
            createdAt: createdAt, health: workload.health, ports: ports, environment: environment,
            command: workload.command.map { Placeholders.replaced($0, words) }, mounts: workload.mounts,
            resources: workload.resources, artifact: artifact, hostFiles: hostFiles)
    }
}

extension LocalRuntime {
    /// Refuses what could not be run, before anything is made. DesiredState has looked already; this looks again,
    /// because what slips through here ends up in the arguments of a program.
    static func check(_ workload: Workload, _ id: InstanceID) throws {
        func refuse(_ message: String) -> DriverError {
            DriverError(.unsupported, operation: "start instance", subject: id.rawValue, message)
        }
        try check(command: workload.command, id)
        for (key, value) in workload.env {
            guard !key.isEmpty, !key.utf8.contains(0), !key.utf8.contains(UInt8(ascii: "=")), !value.utf8.contains(0) else {
                throw refuse("the environment variable \(key.escapingControls) has a name or value that no program can get")
            }
        }
        for mount in workload.mounts {
            let path = mount.path
            // Bytes, not characters: to the kernel a slash is a slash whatever accent follows it.
            let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
            let isPlain =
                parts.count > 1 && parts[0].isEmpty
                && parts.dropFirst().allSatisfy { !$0.isEmpty && $0 != [46] && $0 != [46, 46] }
            guard isPlain, !path.utf8.contains(0), path.utf8.count < 1024 else {
                throw refuse("the mount \(path.escapingControls) is no plain absolute path")
            }
            for taken in Sandbox.reserved where path == taken || path.utf8.starts(with: (taken + "/").utf8) {
                throw refuse("nothing can be mounted at \(path.escapingControls): \(taken) is read-only in every instance")
            }
        }
    }

    /// Refuses an empty command and one with bytes that no program can get.
    static func check(command: [String], _ id: InstanceID) throws {
        guard let program = command.first, !program.isEmpty, command.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw DriverError(
                .unsupported, operation: "start instance", subject: id.rawValue, "its command is empty or holds a NUL")
        }
    }
}
