import CProcess
import CurfewDrivers
public import CurfewModel
import Glibc

extension LocalRuntime {
    public func stop(_ id: InstanceID, grace: Span) async throws {
        if let task = stopping[id] { return try await task.value }
        let task = Task { try await end(id, grace: grace) }
        stopping[id] = task
        defer { stopping[id] = nil }
        try await task.value
    }

    private func end(_ id: InstanceID, grace: Span) async throws {
        if let task = starting[id] { _ = await task.result }
        let folder = try await lanes.run { [self] in realFolder(id) }
        let mark = folder.mark
        if Files.isFolder(folder.path), folder.isHeld { try await endProcesses(id, folder, grace) }
        if let mark { try await endSupervisor(id, mark) }
        let workload = try await lanes.run { [self] in
            let workload = folder.look(name: id.rawValue).record?.workload
            try discard(folder, id)
            return workload
        }
        ports.release(id)
        if let workload { try await lanes.run { [self] in pruneLogs(workload) } }
    }

    /// The folder behind an id; one whose name is no id is found by the id that it was given.
    private nonisolated func realFolder(_ id: InstanceID) -> InstanceFolder {
        if Files.identity(folder(id).path) == nil,
            let name = ((try? Files.names(in: instances, for: "stop instance")) ?? nil)?.first(where: {
                InstanceID($0) == nil && InstanceSight.id(forFolder: $0) == id
            })
        {
            return InstanceFolder(path: "\(instances)/\(name)")
        }
        return folder(id)
    }

    /// Asks the command to end, then ends everything in the sandbox; returns when nothing lives.
    private func endProcesses(_ id: InstanceID, _ folder: InstanceFolder, _ grace: Span) async throws {
        if let inner = try await lanes.run({ folder.firstProcess() }) {
            // Whatever still runs after the command has ended was not asked and is not waited for.
            let isDone = folder.reported("exit-code") != nil
            if !isDone, grace > .zero, let command = try await lanes.run({ folder.command(below: inner.pid) }) {
                _ = curfew_pidfd_kill(command.number, SIGTERM)
                _ = await watcher.exit(of: command, within: grace.duration)
                // The service is going down: the next one asks again, with the whole time of grace.
                try Task.checkCancellation()
            }
            _ = curfew_pidfd_kill(inner.process.number, SIGKILL)
            _ = await watcher.exit(of: inner.process, within: .seconds(10))
        }
        // A sandbox that was still being set up when its supervisor went has told nobody its process id: whoever holds the
        // lock belongs to it.
        for attempt in 0..<50 {
            if try await lanes.run({ !folder.isHeld }) { return }
            try await Task.sleep(for: .milliseconds(5))
            // A process that is just being started elsewhere may hold every file of ours for a moment.
            guard attempt > 1 else { continue }
            try await lanes.run {
                for pid in ProcessTable.holders(of: folder.process) where pid != getpid() {
                    guard let started = ProcessTable.status(of: pid)?.started,
                        let process = ProcessTable.descriptor(of: ProcessMark(pid: pid, started: started)),
                        ProcessTable.holds(pid, folder.process)
                    else { continue }
                    _ = curfew_pidfd_kill(process.number, SIGKILL)
                }
            }
        }
        throw DriverError(
            .failed, operation: "stop instance", subject: id.rawValue,
            "a process of it does not end although it was killed; it may be waiting for a disk")
    }

    /// Bubblewrap's outer process ends by itself once the sandbox is gone; one that was stopped from outside is helped.
    private func endSupervisor(_ id: InstanceID, _ mark: ProcessMark) async throws {
        if let process = try await lanes.run({ ProcessTable.descriptor(of: mark) }) {
            if await !watcher.exit(of: process, within: .seconds(1)) {
                _ = curfew_pidfd_kill(process.number, SIGKILL)
                _ = await watcher.exit(of: process, within: .seconds(10))
            }
        }
        // Whoever of us and the watcher comes first reaps it.
        if children[id] == mark {
            children[id] = nil
            waitpid(mark.pid, nil, WNOHANG)
        }
        if let watch = watched.removeValue(forKey: id) { watcher.forget(watch) }
    }

    /// Removes the folder: under another name first, so that it is gone at once or not at all.
    private nonisolated func discard(_ folder: InstanceFolder, _ id: InstanceID) throws {
        if Files.identity(folder.path) != nil {
            let gone = "\(instances)/.gone-\(id)"
            try Files.remove(gone, for: "stop instance")
            guard rename(folder.path, gone) == 0 || errno == ENOENT else { throw failure("stop instance", folder.path, errno) }
            try Files.remove(gone, for: "stop instance")
        }
        // The kernel may need a moment to let go of the last process; what stays is swept when the runtime is opened.
        for _ in 0..<100 where !groups.remove(id) { sched_yield() }
    }
}

extension InstanceFolder {
    /// The first process of the sandbox: with it everything inside ends. Verified by the lock that it holds.
    func firstProcess() -> (pid: Int32, process: Descriptor)? {
        guard let pid = reported("child-pid"), let started = ProcessTable.status(of: pid)?.started,
            let process = ProcessTable.descriptor(of: ProcessMark(pid: pid, started: started)),
            ProcessTable.holds(pid, self.process)
        else { return nil }
        return (pid, process)
    }

    /// The command itself: the second process of the sandbox.
    func command(below first: Int32) -> Descriptor? {
        for pid in ProcessTable.children(of: first) where ProcessTable.innerPID(of: pid) == 2 {
            guard let started = ProcessTable.status(of: pid)?.started else { continue }
            return ProcessTable.descriptor(of: ProcessMark(pid: pid, started: started))
        }
        return nil
    }
}
