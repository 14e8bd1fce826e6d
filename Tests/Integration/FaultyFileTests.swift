import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Hostile and broken files, one after the other, beside a bundle that goes on deploying.
@Suite struct FaultyFilesSerial {
    /// What is pushed into the bundle `bad`, and the file that the diagnostic has to name.
    struct Fault: Sendable, CustomStringConvertible {
        var description: String
        var file: String
        var make: @Sendable (World) async throws -> Void

        init(_ description: String, file: String, _ make: @escaping @Sendable (World) async throws -> Void) {
            (self.description, self.file, self.make) = (description, file, make)
        }

        static func text(_ description: String, file: String, _ text: @escaping @Sendable () -> String) -> Fault {
            Fault(description, file: file) { try $0.scratch.write("work/manifests/bad/\(file)", text()) }
        }

        static func interval(_ value: String) -> Fault {
            Fault("interval \(value)", file: "bad.yaml") {
                try $0.edit("bad", ("interval: 500ms", "interval: \(value)"))
            }
        }
    }

    static let faults: [Fault] = [
        .text("10 MB of [", file: "brackets.yaml") { String(repeating: "[", count: 10_000_000) },
        .text("an alias bomb", file: "bomb.yaml") {
            (1...12).reduce("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n") { text, level in
                let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                return text + "a\(level): &a\(level) [\(alias)]\n"
            }
        },
        .text("duplicate keys", file: "twice.yaml") {
            "apiVersion: curfew/v1\nkind: Workload\nkind: Workload\nmetadata: { name: twice }\n"
        },
        .text("a name with a newline", file: "two\nlines.yaml") { "apiVersion: curfew/v1\nkind: Nothing\n" },
        Fault("a symlink out of the repository", file: "link.yaml") {
            guard symlink("/etc/passwd", $0.scratch.file("work/manifests/bad/link.yaml")) == 0 else {
                throw ProgramFailure(command: "symlink", output: String(cString: strerror(errno)))
            }
        },
        Fault("a submodule", file: "module") {
            let path = "manifests/bad/module"
            try FileManager.default.createDirectory(
                atPath: $0.work + "/" + path, withIntermediateDirectories: true)
            let head = try await git("rev-parse", "HEAD", in: $0.work)
            try await git("update-index", "--add", "--cacheinfo", "160000,\(head),\(path)", in: $0.work)
        },
        .interval("0"), .interval("-1"), .interval("\"1\""), .interval("1" + String(repeating: "0", count: 30)),
        Fault("two files that define one workload", file: "bad.yaml") {
            let text = try String(contentsOfFile: $0.scratch.file("work/manifests/bad/bad.yaml"), encoding: .utf8)
            try $0.scratch.write("work/manifests/bad/again.yaml", text)
        },
    ]

    @Test(.timeLimit(.minutes(4))) func eachHoldsItsBundleAndNothingElse() async throws {
        let world = try await World("faulty")
        try world.site("bad")
        try world.site("good", page: "start", port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances("bad")
            for (number, fault) in Self.faults.enumerated() {
                try await fault.make(world)
                try world.site("good", page: "\(number)", port: world.port)
                let commit = try await world.push("\(fault)")
                daemon.wake()
                let held = await eventually(within: .seconds(20)) {
                    world.status?.revision?.hex == commit && world.status?.heldBundles.map(\.bundle.rawValue) == ["bad"]
                }
                #expect(held, "\(fault): \(world.told(daemon))")
                let files = world.status?.heldBundles.flatMap(\.diagnostics).map(\.file) ?? []
                let name = FileName(fault.file).shown
                let named = files.contains {
                    $0.hasPrefix("manifests/bad/") && ($0.hasSuffix("/" + name) || $0.hasSuffix("/again.yaml"))
                }
                #expect(named, "\(fault): \(files)")
                let deployed = await eventually(within: .seconds(20)) {
                    await world.page() == "\(number)" && world.state(of: "good") == "converged"
                }
                #expect(deployed, "\(fault): \(world.told(daemon))")
                #expect(world.instances("bad") == before, "\(fault)")
                // Shown to a person, no name from the repository begins a line of its own.
                let shown = try await world.curfew("status").output
                #expect(!shown.split(separator: "\n").contains { $0.hasPrefix("lines.yaml") })
                try await git("rm", "--cached", "-rq", "manifests/bad", in: world.work)
                try FileManager.default.createDirectory(
                    atPath: world.work + "/manifests/bad", withIntermediateDirectories: true)
                try FileManager.default.removeItem(atPath: world.work + "/manifests/bad")
                try world.site("bad")
            }
            #expect(try await world.heals("bad"), "\(world.told(daemon))")
            try world.site("bad", page: "mended")
            let last = try await world.push("Mended")
            #expect(await world.converged(at: last), "\(world.told(daemon))")
            #expect(world.status?.heldBundles.isEmpty ?? false)
        }
    }
}
