import CurfewDaemon
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// What another account of the host can do with the state folder of a daemon: nothing.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct HostAttackSerial {
    private static let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]

    private func asNobody(_ words: String...) async throws -> ProgramResult {
        try await execute("setpriv", Self.nobody + words)
    }

    /// Everything below a folder that others may read, write or enter, by its path within.
    private func open(in folder: String) -> [String] {
        let all = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).filter {
            // Of instances: they run as another account. Nobody gets there through the folders above.
            !$0.hasPrefix("runtimes/")
        }
        return all.filter { name in
            var info = stat()
            return lstat("\(folder)/\(name)", &info) == 0 && info.st_mode & S_IFMT != S_IFLNK && info.st_mode & 0o077 != 0
                && !name.contains("/")
        }
    }

    @Test(.timeLimit(.minutes(2))) func nobodyElseReadsLocksOrStopsIt() async throws {
        let world = try await World("host")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first))
            let state = world.state
            var info = stat()
            #expect(stat(state.path, &info) == 0 && info.st_mode & 0o777 == 0o700)
            #expect(open(in: state.path).isEmpty, "\(open(in: state.path))")
            for file in [state.lock, state.status, state.journal, state.api, state.control] {
                #expect(try await asNobody("test", "-r", file).code != 0, "\(file)")
                #expect(try await asNobody("flock", "-n", file, "true").code != 0, "\(file)")
            }
            #expect(try await asNobody("flock", "-n", state.path, "true").code != 0)
            // It is told where to ask, and not that nothing runs.
            let status = try await asNobody(world.program, "status", "--config", world.configuration)
            #expect(status.code != 0 && !status.errors.contains("no status"), "\(status.errors)")
            // Left open by an older version, and held by somebody else when the daemon starts again.
            daemon.stop(SIGKILL)
            chmod(state.path, 0o711)
            chmod(state.lock, 0o644)
            let script = "exec 9<\"$0\"; flock -x 9; exec sleep 100"
            let words = ["6", "setpriv"] + Self.nobody + ["sh", "-c", script, state.lock]
            let holder = Task { try await execute("timeout", words) }
            let isHeld = await eventually { (try? await execute("flock", ["-n", state.lock, "true"]).code != 0) ?? false }
            #expect(isHeld)
            let refused = try await execute(world.program, ["run", "--once", "--config", world.configuration])
            #expect(refused.code != 0 && refused.errors.contains("of uid 65534 holds its lock"), "\(refused.errors)")
            _ = try? await holder.value
            try daemon.start()
            #expect(await eventually { world.status?.pid == daemon.process && world.status?.state == .converged })
            #expect(stat(state.lock, &info) == 0 && info.st_mode & 0o777 == 0o600)
            #expect(try await asNobody("flock", "-n", state.lock, "true").code != 0)
        }
    }

    /// Whoever asks who owns the folder, as often as they like, keeps nobody from owning it.
    @Test(.timeLimit(.minutes(1))) func askingForTheOwnerStopsNoStart() throws {
        let scratch = try Scratch("lock")
        let state = StateFolder(path: scratch.file("state"))
        try state.create()
        let file = Glibc.open(state.lock, O_RDWR | O_CREAT, 0o600)
        defer { close(file) }
        #expect(flock(file, LOCK_SH) == 0)
        let asker = Thread {
            usleep(200_000)
            _ = flock(file, LOCK_UN)
        }
        asker.start()
        let lock = try StateLock(state)
        #expect(StateLock.owner(of: state) == getpid())
        withExtendedLifetime(lock) {}
        // What lies there in its place is refused, and never followed.
        let makes: [(String) -> Int32] = [
            { symlink("/etc/hostname", $0) }, { mkfifo($0, 0o600) }, { mkdir($0, 0o700) },
        ]
        for (index, make) in makes.enumerated() {
            let other = StateFolder(path: scratch.file("odd-\(index)"))
            try other.create()
            #expect(make(other.lock) == 0)
            #expect(throws: DaemonError.self) { try StateLock(other) }
        }
    }
}
