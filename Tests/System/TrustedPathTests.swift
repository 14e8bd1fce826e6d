import CurfewSystem
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@Suite(.enabled(if: geteuid() == 0, "files have to belong to root")) struct TrustedPathTests {
    @Test func trustsWhatOnlyRootCanReplace() throws {
        let scratch = try Scratch("trusted")
        let folder = scratch.file("bin")
        mkdir(folder, 0o755)
        let program = try scratch.write("bin/tool", "#!/bin/sh\n")
        chmod(program, 0o755)
        #expect(TrustedPath.problem(program, as: .program) == nil)
        #expect(TrustedPath.problem("/usr/bin/env", as: .program) == nil)
        // Through a link, and through another folder.
        let link = scratch.file("link")
        #expect(symlink("bin/../bin/tool", link) == 0)
        #expect(TrustedPath.problem(link, as: .program) == nil)
        for (change, undo) in [
            ({ chmod(program, 0o757) }, { chmod(program, 0o755) }), ({ chown(program, 65_534, 0) }, { chown(program, 0, 0) }),
            ({ chmod(folder, 0o777) }, { chmod(folder, 0o755) }), ({ chown(folder, 65_534, 0) }, { chown(folder, 0, 0) }),
            ({ chmod(program, 0o644) }, { chmod(program, 0o755) }),
            ({ lchown(link, 65_534, 0) }, { lchown(link, 0, 0) }),
        ] as [(() -> Int32, () -> Int32)] {
            #expect(change() == 0)
            #expect(TrustedPath.problem(link, as: .program) != nil)
            #expect(undo() == 0)
        }
        for path in ["bin/env", "", "/", "/usr/bin", "/usr/bin/no-such-program", program + "/x"] {
            #expect(TrustedPath.problem(path, as: .program) != nil, "\(path)")
        }
    }

    @Test(.timeLimit(.minutes(1))) func endsWhatForksWhileItIsEnded() async throws {
        let mark = 9_000_000 + Int.random(in: 0..<900_000)
        let scratch = try Scratch("terminate")
        let server = try Server(
            "/bin/sh", ["-c", "trap '' TERM HUP; while :; do sleep \(mark) & sleep 0.01; done"],
            log: scratch.file("log"))
        defer { withExtendedLifetime((server, scratch)) {} }
        func scan() -> Set<ProcessID> {
            let all = Processes.all()
            let found = all.values.filter { Processes.arguments(of: $0.id.pid).contains { $0.contains("\(mark)") } }.map(\.id)
            return Set(found)
        }
        #expect(await eventually { scan().count > 5 })
        #expect(Processes.terminate(patience: .milliseconds(100)) { scan() }.isEmpty)
        #expect(scan().isEmpty)
    }
}
