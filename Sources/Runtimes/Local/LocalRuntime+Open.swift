import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

extension LocalRuntime {
    /// Finishes or undoes what a killed process left, takes over the instances that run, and begins to watch them.
    /// Idempotent. Call it once the service holds the lock of the state folder.
    /// - Throws: ``DriverError`` when the folder cannot be used or bubblewrap is missing.
    public func open() async throws {
        guard !isOpen else { return }
        guard access(configuration.bubblewrap, X_OK) == 0 else {
            throw DriverError(
                .missingProgram, operation: "open the local runtime", subject: configuration.bubblewrap,
                "it cannot be run; install it with: apt-get install bubblewrap")
        }
        let sights = try await lanes.run { [self] in try tidy() }
        for sight in sights {
            guard let record = sight.record else { continue }
            ports.adopt(record.ports.values, for: record.id)
            if let mark = sight.mark, let process = ProcessTable.descriptor(of: mark) { watch(record.id, mark, process) }
        }
        isOpen = true
        _ = try await currentHostFiles()
        rotation = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                await self?.rotateLogs()
            }
        }
    }

    /// Stops watching. Instances run on.
    public func shutdown() async {
        isOpen = false
        rotation?.cancel()
        rotation = nil
        for task in starting.values { _ = await task.result }
        for task in stopping.values { task.cancel() }
        watcher.stop()
        report.finish()
        entered.finish()
        groups.close()
    }

    /// Makes the folders, removes what is half done, and gives back what there is.
    private nonisolated func tidy() throws -> [InstanceSight] {
        let operation = "open the local runtime"
        for folder in ["", "/instances", "/store", "/logs", "/volumes"] {
            try Files.makeFolder(configuration.folder + folder, for: operation)
        }
        var sights: [InstanceSight] = []
        for name in try Files.names(in: instances, for: operation) ?? [] {
            // Folders are renamed from `.new-` once they are whole, and to `.gone-` before they are emptied.
            if name.hasPrefix(".new-") || name.hasPrefix(".gone-") {
                try Files.remove("\(instances)/\(name)", for: operation)
                continue
            }
            let sight = InstanceFolder(path: "\(instances)/\(name)").look(name: name)
            if sight.neverStarted && sight.record != nil {
                try Files.remove("\(instances)/\(name)", for: operation)
            } else {
                sights.append(sight)
            }
        }
        try store.removeLeftovers()
        groups.sweep(known: Set(sights.map(\.name)))
        return sights
    }

    /// Notices the end of an instance within milliseconds.
    func watch(_ id: InstanceID, _ mark: ProcessMark, _ process: Descriptor) {
        watched[id] = watcher.onExit(of: process) { [weak self] in
            Task { await self?.ended(id, mark) }
        }
    }

    /// The outer process of an instance has ended.
    private func ended(_ id: InstanceID, _ mark: ProcessMark) async {
        watched[id] = nil
        let isOurs = children[id] == mark
        if isOurs { children[id] = nil }
        let limit = try? await lanes.run { [self] in conclude(id, mark, reap: isOurs) }
        guard stopping[id] == nil else { return }
        let code = folder(id).reported("exit-code")
        let how = code.map { "with code \($0)" } ?? "without a code"
        let why = limit.flatMap { $0 }.map { ", over its memory limit of \($0)" } ?? ""
        report.yield(RuntimeEvent(runtime: name, instance: id, detail: "\(id) has ended \(how)\(why)"))
    }

    /// Reaps the process, notes its exit code where nobody else has, and tells of a lack of memory in the log.
    /// Returns the limit when the instance was ended for going over it.
    private nonisolated func conclude(_ id: InstanceID, _ mark: ProcessMark, reap: Bool) -> ByteCount? {
        let folder = folder(id)
        if reap {
            var status: Int32 = 0
            while waitpid(mark.pid, &status, 0) < 0 && errno == EINTR {}
            let signal = status & 0x7F
            let code = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
            // Bubblewrap does not tell the code of a command that ended before it could be executed. A supervisor that was
            // killed while the sandbox lives says nothing about the command.
            if folder.reported("exit-code") == nil, signal == 0 || !folder.isHeld,
                let file = try? Descriptor.open(folder.process, O_WRONLY | O_APPEND, for: "note exit code")
            {
                let line = Array("{ \"exit-code\": \(code) }\n".utf8)
                try? line.withUnsafeBytes { try file.write($0, for: "note exit code", id.rawValue) }
            }
        }
        return noteOutOfMemory(id)
    }

    /// Writes into the instance's log, once, that the kernel ended something of it.
    private nonisolated func noteOutOfMemory(_ id: InstanceID) -> ByteCount? {
        let folder = folder(id)
        guard groups.outOfMemoryKills(id) > 0, let record = folder.look(name: id.rawValue).record,
            let limit = record.resources.memory
        else { return nil }
        if access(folder.outOfMemory, F_OK) != 0 {
            try? Files.create(folder.outOfMemory, [], for: "note lack of memory")
            let line = Array("curfew: the kernel ended a process: over the memory limit of \(limit)\n".utf8)
            if let log = try? Descriptor.open(logPath(record.workload, id), O_WRONLY | O_APPEND, for: "note lack of memory") {
                try? line.withUnsafeBytes { try log.write($0, for: "note lack of memory", id.rawValue) }
            }
        }
        return limit
    }
}
