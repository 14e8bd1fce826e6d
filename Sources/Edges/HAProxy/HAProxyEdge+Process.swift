import CurfewDrivers
import CurfewModel
import Glibc
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

extension HAProxyEdge {
    /// Finds the HAProxy that was started for this folder, by whomever; `false` when none runs.
    func find(_ layout: Layout) async throws -> Bool {
        if let master {
            if try await blocking({ master.isAlive }) { return true }
            self.master = nil
        }
        guard let found = try await blocking({ ProcessIdentity.findMaster(layout) }) else { return false }
        try watch(found)
        return true
    }

    /// Starts HAProxy with `listeners` and waits until it answers.
    func start(_ listeners: [EdgeListener], _ layout: Layout) async throws {
        try await write(listeners, layout)
        try await blocking { _ = unlink(layout.pidFile) }
        let arguments = [
            "-W", "-D", "-f", layout.configuration, "-p", layout.pidFile, "-S",
            layout.masterSocket + ",level,admin,mode,600",
        ]
        try await run("start haproxy", arguments, layout)
        try await waitUntil("start haproxy", layout) {
            guard try await find(layout) else { return false }
            return try await answers(layout) != nil
        }
    }

    /// Writes the configuration whole and checked, or not at all.
    func write(_ listeners: [EdgeListener], _ layout: Layout) async throws {
        let text = try await blocking {
            try layout.makeFolders()
            return Rendering.text(
                listeners, layout: layout, dropRights: geteuid() == 0 && getpwnam("haproxy") != nil,
                connections: Self.connections)
        }
        try await blocking { try Files.write(layout.candidate, text) }
        try await run("check configuration", ["-c", "-q", "-f", layout.candidate], layout)
        try await blocking { try Files.move(layout.candidate, to: layout.configuration, in: layout.folder) }
    }

    /// Lets HAProxy read its configuration again and waits until a new worker answers; the old one keeps its connections.
    func reload(_ layout: Layout) async throws {
        let before = try await table(layout)
        _ = try await ask(layout.masterSocket, "reload")
        try await waitUntil("reload haproxy", layout) {
            let now = try await table(layout)
            if now.current == before.current, now.failed > before.failed {
                throw DriverError(
                    .failed, operation: "reload haproxy", subject: layout.configuration,
                    "the new configuration could not be put to work; the old one stays")
            }
            guard let worker = now.current, worker != before.current else { return false }
            return try await answers(layout) == worker
        }
    }

    /// Ends HAProxy and removes its files.
    func end() async {
        guard let layout = try? Layout(configuration) else { return }
        if (try? await find(layout)) == true, let master {
            for (signal, rounds) in [(SIGTERM, 300), (SIGKILL, 200)] {
                _ = try? await blocking { master.signal(signal) }
                for _ in 0..<rounds where (try? await blocking { master.isAlive }) == true {
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
        }
        master = nil
        _ = try? await blocking {
            for path in [
                layout.pidFile, layout.masterSocket, layout.adminSocket, layout.configuration, layout.candidate,
            ] { unlink(path) }
            if layout.socketFolder != layout.folder { rmdir(layout.socketFolder) }
        }
    }

    /// The current worker's pid once it answers for itself, else `nil`.
    private func answers(_ layout: Layout) async throws -> Int32? {
        guard let worker = try await table(layout).current else { return nil }
        return try await ask(layout.masterSocket, "@!\(worker) show info").contains("\nPid: \(worker)\n") ? worker : nil
    }

    /// The processes, from the master itself.
    func table(_ layout: Layout) async throws -> ProcessTable { try ProcessTable(await ask(layout.masterSocket, "show proc")) }

    /// Puts one command to a socket.
    func ask(_ path: String, _ command: String) async throws -> String {
        try await blocking { try RuntimeSocket(path: path).ask(command) }
    }

    /// Asks until it holds; while HAProxy starts or re-executes itself its socket refuses and resets, which is no failure.
    private func waitUntil(_ operation: String, _ layout: Layout, _ holds: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(15)
        while true {
            do {
                if try await holds() { return }
            } catch let error as DriverError where error.code == .unreachable {}
            guard ContinuousClock.now < end else {
                throw DriverError(
                    .unreachable, operation: operation, subject: layout.folder, "haproxy does not answer within 15s")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func run(_ operation: String, _ arguments: [String], _ layout: Layout) async throws {
        // The parent of a daemon ends as soon as the daemon stands, and the daemon lets go of our pipe.
        let result: ExecutionResult<Void, DiscardedOutput, StringOutput<UTF8>>
        do {
            result = try await Subprocess.run(
                .path(FilePath(layout.program)), arguments: Arguments(arguments), environment: .custom([:]),
                workingDirectory: FilePath(layout.folder), output: .discarded, error: .string(limit: 64 << 10))
        } catch {
            throw DriverError(
                .missingProgram, operation: operation, subject: layout.program,
                "cannot be run (\(error)); install the package haproxy")
        }
        guard !result.terminationStatus.isSuccess else { return }
        let alerts = result.standardError.split(separator: "\n").filter { $0.contains("[ALERT]") }.prefix(3)
        throw DriverError(
            .failed, operation: operation, subject: layout.folder,
            alerts.isEmpty
                ? "haproxy ended with \(result.terminationStatus)"
                : String(alerts.joined(separator: "; ").prefix(600)).escapingControls)
    }

    /// Connections that fit under this process's limit of open files: one costs HAProxy up to two, and some stay spare.
    private static var connections: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 400 }
        return Int(max(100, min(8192, (min(limit.rlim_max, 1 << 20) - min(limit.rlim_max, 200)) / 3)))
    }
}
