import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("Setting up") struct SetUpTests {
    @Test("A configuration that cannot work is refused with the reason")
    func refused() throws {
        for change: (inout LocalRuntimeConfiguration) -> Void in [
            { $0.folder = "relative" }, { $0.firstPort = 0 }, { $0.lastPort = 70000 }, { $0.lastPort = $0.firstPort - 1 },
            { $0.user = "root" }, { $0.user = "nobody-has-this-name" }, { $0.logFiles = 0 }, { $0.maxArtifact = ByteCount(0) },
        ] {
            let fixture = try Fixture("setup", change)
            #expect(throws: DriverError.self) {
                try LocalRuntime(configuration: fixture.configuration, artifacts: fixture.artifacts)
            }
        }
    }

    @Test("Missing programs are named with the package that brings them", .timeLimit(.minutes(1)))
    func missing() async throws {
        #expect(await LocalRuntime.check() == [])
        #expect(await LocalRuntime.check(bubblewrap: "/nowhere/bwrap").first?.contains("apt-get install bubblewrap") == true)
        let fixture = try Fixture("missing") { $0.bubblewrap = "/nowhere/bwrap" }
        let error = await #expect(throws: DriverError.self) { try await fixture.open() }
        #expect(error?.code == .missingProgram)
    }

    @Test("The sandbox as a value: what is on the command line and what is not")
    func arguments() {
        var sandbox = Sandbox(
            hostname: "web-1", hostFiles: "/s/etc", artifact: "/s/a", writable: [.init(source: "/s/v", target: "/data")],
            environment: ["A": "--setuid"], temporary: ByteCount(1 << 20),
            user: SandboxUser(uid: 65534, gid: 65534, isSwitched: true))
        #expect(
            sandbox.arguments(running: ["x", "-y"]).starts(with: [
                "bwrap", "--args", "3", "--", "/usr/bin/setpriv", "--reuid=65534",
            ]))
        #expect(sandbox.arguments(running: ["x", "-y"]).suffix(3) == ["--", "x", "-y"])
        let options = sandbox.options(lock: true, status: true).joined(separator: " ")
        for part in [
            "--ro-bind /s/etc /etc", "--ro-bind /s/a /app", "--bind /s/v /data", "--cap-drop ALL", "--clearenv",
            "--setenv A --setuid", "--sync-fd 4", "--json-status-fd 5", "--remount-ro /",
        ] {
            #expect(options.contains(part))
        }
        #expect(!options.contains("--unshare-user") && !options.contains("--die-with-parent"))
        sandbox.user.isSwitched = false
        #expect(sandbox.arguments(running: ["x"]) == ["bwrap", "--args", "3", "--", "x"])
        #expect(sandbox.options(lock: false, status: false).contains("--unshare-user"))
    }
}
