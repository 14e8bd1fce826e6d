import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("Limits") struct LimitTests {
    @Test("What the capabilities promise and what they refuse add up, and each refusal has a reason")
    func capabilities() {
        let capabilities = LocalRuntime.capabilities()
        #expect(capabilities.limits.union(capabilities.missingLimits.keys) == ["cpu", "memory", "pids"])
        #expect(capabilities.limits.isDisjoint(with: capabilities.missingLimits.keys))
        #expect(capabilities.missingLimits.values.allSatisfy { !$0.isEmpty })
    }

    @Test(
        "An instance over its memory is ended, and the log and the event say why", .timeLimit(.minutes(1)),
        .enabled(if: LocalRuntime.capabilities().limits.contains("memory")))
    func memory() async throws {
        let fixture = try Fixture("memory")
        try await fixture.run { runtime async throws -> Void in
            let id = try newID()
            _ = try await runtime.start(
                id,
                of: try desired(
                    artifact: .none, command: ["busybox", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"],
                    resources: Resources(memory: ByteCount(32 << 20))))
            for await event in runtime.events where event.instance == id {
                #expect(event.detail.contains("memory limit of 32Mi"))
                break
            }
            #expect(try await runtime.sight(id)?.state == .exited(code: 137))
            #expect(try await runtime.logTail(id, lines: 1).first?.contains("over the memory limit of 32Mi") == true)
        }
    }

    @Test(
        "An instance cannot have more processes than it may", .timeLimit(.minutes(1)),
        .enabled(if: LocalRuntime.capabilities().limits.contains("pids")))
    func processes() async throws {
        let fixture = try Fixture("pids")
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add([
                "bomb": "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1000 & done\nsleep 1000\n"
            ])
            let id = try newID()
            _ = try await runtime.start(
                id, of: try desired(artifact: artifact, command: ["bash", "bomb"], resources: Resources(pids: 5)))
            #expect(try await eventually { try await runtime.logTail(id, lines: 50).contains { $0.contains("fork") } })
            let folder = try needed(runtime.groups.folders[.pids])
            let count = text("\(folder)/\(id)/cgroup.procs").split(separator: "\n").count
            #expect(count <= 5 + ControlGroups.overhead && count > 2)
        }
    }

    @Test(
        "CPU time is bounded by the group of the instance", .timeLimit(.minutes(1)),
        .enabled(if: LocalRuntime.capabilities().limits.contains("cpu")))
    func cpu() async throws {
        let fixture = try Fixture("cpu")
        try await fixture.run { runtime async throws -> Void in
            let id = try newID()
            _ = try await runtime.start(
                id, of: try desired(artifact: .none, command: ["sleep", "1000"], resources: Resources(cpu: MilliCPU(250))))
            let group = "\(try needed(runtime.groups.folders[.cpu]))/\(id)"
            let held = text(group + "/cpu.cfs_quota_us") + text(group + "/cpu.max")
            #expect(held.hasPrefix("25000"))
            let mark = try needed(InstanceFolder(path: fixture.instance(id)).mark)
            #expect(text(group + "/cgroup.procs").split(separator: "\n").contains("\(mark.pid)"))
        }
    }
}
