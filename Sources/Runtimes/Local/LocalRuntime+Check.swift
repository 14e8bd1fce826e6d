import CProcess
import CurfewDrivers
import CurfewModel
import Glibc

extension LocalRuntime {
    /// Looks for everything that the runtime needs on this machine, by running a sandbox. One line for each thing that
    /// is missing, with what to do; empty when all is well.
    public static func check(bubblewrap: String = "/usr/bin/bwrap", user: String? = nil) async -> [String] {
        guard access(bubblewrap, X_OK) == 0 else {
            return ["bubblewrap is missing (\(bubblewrap)); install it with: apt-get install bubblewrap"]
        }
        let resolved: SandboxUser
        do {
            resolved = try SandboxUser.resolve(user)
        } catch {
            return ["\(error)"]
        }
        if resolved.isSwitched && access("/usr/bin/setpriv", X_OK) != 0 {
            return ["setpriv is missing (/usr/bin/setpriv); install it with: apt-get install util-linux"]
        }
        let lanes = Lanes("curfew.local.check", count: 1)
        do {
            return try await lanes.run { try tryOut(bubblewrap, resolved) }
        } catch {
            return ["the sandbox cannot be tried: \(error)"]
        }
    }

    /// Runs `true` as an instance would run.
    private static func tryOut(_ bubblewrap: String, _ user: SandboxUser) throws -> [String] {
        let sandbox = Sandbox(
            hostname: "check", hostFiles: "/usr/share", artifact: nil, writable: [], environment: ["PATH": "/usr/bin"],
            temporary: ByteCount(1 << 20), user: user)
        let number = curfew_memory_file("curfew-check", 0)
        guard number >= 0 else { throw failure("try the sandbox", bubblewrap, errno) }
        let output = Descriptor(owning: number)
        let launch = Launch(
            program: bubblewrap, arguments: sandbox.arguments(running: ["true"]),
            options: sandbox.options(lock: false, status: false, lendingHostFolders: false), descriptors: [], output: output,
            groups: [], record: nil)
        let pid = try launch.start(for: "try the sandbox", bubblewrap)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        if status == 0 { return [] }
        var text = [UInt8](repeating: 0, count: 1000)
        let count = text.withUnsafeMutableBytes { pread(output.number, $0.baseAddress, $0.count, 0) }
        let said = String(decoding: text.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").joined(separator: " ")
        let hint =
            user.isSwitched
            ? "Curfew needs root with CAP_SYS_ADMIN for it"
            : "unprivileged user namespaces are needed: sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000, or run Curfew as root"
        return ["the sandbox does not start (\(said.escapingControls)); \(hint)"]
    }
}
