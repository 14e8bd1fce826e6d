import CurfewDrivers
public import CurfewModel
import Foundation
import Glibc

extension LocalRuntime {
    public func start(_ id: InstanceID, of workload: DesiredWorkload) async throws -> ObservedInstance {
        if let task = starting[id] { return try await task.value }
        let task = Task { try await launch(id, workload) }
        starting[id] = task
        defer { starting[id] = nil }
        return try await task.value
    }

    private func launch(_ id: InstanceID, _ desired: DesiredWorkload) async throws -> ObservedInstance {
        if let task = stopping[id] { _ = await task.result }
        let folder = folder(id)
        let there = try await lanes.run { Files.identity(folder.path) == nil ? nil : folder.look(name: id.rawValue) }
        if let there { return there.observed() }
        let workload = desired.workload
        try LocalRuntime.check(workload, id)
        try await prepare(desired)
        let hostFiles = try await currentHostFiles()
        let artifact = workload.artifact == .none ? nil : store.entry(workload.artifact.digest)
        guard workload.artifact == .none || artifact != nil else {
            throw DriverError(.failed, operation: "start instance", subject: id.rawValue, "its artifact vanished; try again")
        }
        let numbers = try ports.take(workload.ports.count, for: id)
        do {
            let record = InstanceRecord(
                id, desired, ports: Dictionary(zip(workload.ports.map(\.name), numbers)) { first, _ in first },
                createdAt: Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)), artifact: artifact,
                hostFiles: hostFiles)
            let (mark, process) = try await lanes.run { [self] in try make(record) }
            children[id] = mark
            watch(id, mark, process)
            return InstanceSight(name: id.rawValue, record: record, state: .running).observed()
        } catch {
            ports.release(id)
            throw error
        }
    }

    /// Makes the folder and starts the sandbox; leaves nothing when it fails.
    private nonisolated func make(_ record: InstanceRecord) throws -> (ProcessMark, Descriptor) {
        let operation = "start instance"
        let fresh = InstanceFolder(path: "\(instances)/.new-\(record.id)")
        let folder = folder(record.id)
        try Files.remove(fresh.path, for: operation)
        do {
            try Files.makeFolder(fresh.path, for: operation)
            // Opened twice: the one that is locked is kept by the sandbox alone, the other by its supervisor.
            let lock = try Descriptor.open(fresh.process, O_RDWR | O_CREAT | O_EXCL, for: operation)
            guard lock.lock(exclusively: true) else { throw failure(operation, fresh.process, errno) }
            let status = try Descriptor.open(fresh.process, O_WRONLY | O_APPEND, for: operation)
            let writable = try makeWritable(record, fresh)
            let log = try makeLog(record)
            try Files.create(fresh.record, try record.encoded(), for: operation)
            // Whole or not there: from here on a killed daemon leaves a record, and the lock tells whether anything lives.
            guard rename(fresh.path, folder.path) == 0 else { throw failure(operation, folder.path, errno) }
            let sandbox = sandbox(record, writable: writable)
            let launch = Launch(
                program: configuration.bubblewrap, arguments: sandbox.arguments(running: record.command),
                options: sandbox.options(lock: true, status: true), descriptors: [lock, status], output: log,
                groups: try groups.make(record.id, record.resources), record: status)
            let pid = try launch.start(for: operation, record.id.rawValue)
            return try claim(pid, record.id)
        } catch {
            _ = groups.remove(record.id)
            try? Files.remove(fresh.path, for: operation)
            try? Files.remove(folder.path, for: operation)
            throw error
        }
    }

    /// Our child's mark and a descriptor of it; it cannot have been reaped by anybody else.
    private nonisolated func claim(_ pid: Int32, _ id: InstanceID) throws -> (ProcessMark, Descriptor) {
        guard let started = ProcessTable.status(of: pid)?.started,
            let process = ProcessTable.descriptor(of: ProcessMark(pid: pid, started: started))
        else {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw DriverError(.failed, operation: "start instance", subject: id.rawValue, "its process cannot be watched")
        }
        return (ProcessMark(pid: pid, started: started), process)
    }

    /// The folders behind the mounts.
    private nonisolated func makeWritable(_ record: InstanceRecord, _ fresh: InstanceFolder) throws -> [Sandbox.Writable] {
        try record.mounts.enumerated().map { number, mount in
            let path = mount.volume.map { volume(record.workload, $0) } ?? fresh.scratch(number)
            let isNew = Files.identity(path) == nil
            try Files.makeFolder(path, for: "start instance")
            if isNew { try user.own(path, for: "start instance") }
            return Sandbox.Writable(source: mount.volume == nil ? folder(record.id).scratch(number) : path, target: mount.path)
        }
    }

    private nonisolated func volume(_ workload: Name, _ name: Name) -> String {
        "\(configuration.folder)/volumes/\(workload)/\(name)"
    }

    private nonisolated func makeLog(_ record: InstanceRecord) throws -> Descriptor {
        let path = logPath(record.workload, record.id)
        try Files.makeFolder(String(path.dropLast(record.id.rawValue.utf8.count + 5)), for: "start instance")
        let log = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o640, for: "start instance")
        // Programs that open /dev/stdout anew need to be allowed to.
        try user.own(path, for: "start instance")
        return log
    }

    /// The sandbox of an instance; probes get an equal one.
    nonisolated func sandbox(_ record: InstanceRecord, writable: [Sandbox.Writable]? = nil) -> Sandbox {
        let most: Int64 = 256 << 20
        return Sandbox(
            hostname: record.id.hostname, hostFiles: store.path(record.hostFiles.key),
            artifact: record.artifact.map { store.path($0.key) },
            writable: writable
                ?? record.mounts.enumerated().map { number, mount in
                    Sandbox.Writable(
                        source: mount.volume.map { volume(record.workload, $0) } ?? folder(record.id).scratch(number),
                        target: mount.path)
                },
            environment: record.environment, temporary: ByteCount(min(record.resources.memory?.value ?? most, most)), user: user
        )
    }
}
