import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The console in a real Chromium, over a service with workloads, a failed change, grants of every state, a recorded session
/// and hostile words. `CURFEW_PICTURES=FOLDER` keeps the pictures.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct ConsoleBrowserSerial {
    private static let policies = """
        ---
        apiVersion: curfew/v1
        kind: Role
        metadata: { name: inside }
        spec:
          binds: [{ backend: shell, with: { workloads: [web], commands: [[sh, -c, "echo total 3; sleep 0.4; id; sleep 0.3"]] } }]
          touches: [web]
          replace: used
        ---
        apiVersion: curfew/v1
        kind: AccessPolicy
        metadata: { name: inside }
        spec: { roles: [inside], eligible: [team:oncall], maxDuration: 1h, approvals: { count: 1, from: [team:dba] }, requireSelfExpiry: true }

        """

    @Test(.timeLimit(.minutes(6))) func isUsableSafeAndFresh() async throws {
        let python = try await execute("Scripts/browser", [], in: Self.root)
        try #require(python.code == 0, "\(python.errors)")
        let port = try freePort()
        try await AccessWorld.with(
            "browser", clock: .system, touches: true, policies: Self.policies,
            configuration:
                "  shell: { type: docker-exec, runtime: local }\napi: { listen: \"127.0.0.1:\(port)\", anonymous: viewer, tokens: tokens }"
        ) { world in
            let token = try await Self.token(world.world)
            try await Self.live(through: world)
            let recording = try await Self.session(in: world)
            let pictures = ProcessInfo.processInfo.environment["CURFEW_PICTURES"] ?? world.world.scratch.file("pictures")
            let looked = try await execute(
                python.output.trimmingCharacters(in: .newlines),
                [
                    "Tests/Browser/look.py", "http://127.0.0.1:\(port)", pictures, world.world.clone("dave"), token, "/",
                    "/timeline",
                    "/access?at=\(Self.nextMinute())", "/workloads/web", "/grants/look", "/journal", "/sessions/\(recording)",
                    "/sign-in",
                ], in: Self.root)
            print(looked.output)
            #expect(looked.code == 0, "\(looked.output)\(looked.errors)")
            let access = looked.output.split(separator: "\n").first { $0.hasPrefix("access ") } ?? ""
            #expect(access.contains("alice") && access.contains("inside") && access.contains("bob"), "\(access)")
        }
    }

    private static let root = String(#filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 })

    private static func nextMinute() -> String { String((WallClock.system.now + .seconds(60)).timestamp.prefix(16)) }

    private static func token(_ world: World) async throws -> String {
        let made = try await execute(world.program, ["token", "boss", "--role", "operator", "--format", "json"])
        let fresh = try JSONDecoder().decode([String: String].self, from: Data(made.output.utf8))
        let file = try world.scratch.write("tokens", try #require(fresh["line"]) + "\n")
        chmod(file, 0o600)
        return try #require(fresh["token"])
    }

    /// Something of everything that pages show.
    private static func live(through world: AccessWorld) async throws {
        let place = world.world
        try place.site("shop", page: "shop", replicas: 3)
        let manifest = try String(contentsOfFile: place.work + "/manifests/shop/shop.yaml", encoding: .utf8)
        try await world.propose(
            "dave", ["manifests/shop/shop.yaml": manifest, "manifests/shop/shop-site/index.html": "shop"],
            branch: "open-the-shop-<script>alert(1)</script>")
        let shop = try await world.merge("dave", "open-the-shop-<script>alert(1)</script>")
        #expect(await place.converged(at: shop))
        // A change that does not get healthy: Curfew reverts it.
        let broken = manifest.replacing("busybox, httpd", with: "busybox, \"false\"")
        try await world.propose("dave", ["manifests/shop/shop.yaml": broken], branch: "broken")
        try await world.merge("dave", "broken")
        let reverted = await eventually(within: .seconds(40)) {
            (try? await world.subjects().contains { $0.hasPrefix("Revert") }) ?? false
        }
        #expect(reverted)
        #expect(await place.converged(within: .seconds(40)))
        // A grant that is over, one that is refused, one that waits, one that is live.
        try await world.getAccess("past", for: "3s")
        _ = try await world.reverted("past", within: .seconds(40))
        try await world.propose(
            "erin",
            ["grants/never.yaml": world.grant("never", person: "erin", reason: "\"INC-2: <img src=x onerror=alert(1)>\"")],
            branch: "request/never")
        try await world.merge("bob", "request/never")
        _ = try await world.curfew(
            "alice", "request", "debug", "--for", "20m", "--reason", "INC-7: slow queries", "--name", "wait")
        try await world.merge("alice", "request/wait")
        _ = try await world.curfew(
            "alice", "request", "inside", "--for", "30m", "--reason", "INC-4821: orders are \"stuck\" <b>now</b>", "--name",
            "look")
        try await world.merge("bob", "request/look")
        #expect(await world.reaches("active", "look", within: .seconds(30)))
    }

    /// A recorded look inside; the recording's id.
    private static func session(in world: AccessWorld) async throws -> String {
        let place = world.world
        let inside = try await execute(
            place.program,
            [
                "exec", "look", "web", "--socket", place.state.execSocket, "--key", place.key("alice"), "-T", "--", "sh", "-c",
                "echo total 3; sleep 0.4; id; sleep 0.3",
            ])
        #expect(inside.code == 0, "\(inside.errors)")
        let listed = try FileManager.default.contentsOfDirectory(atPath: place.state.recordings)
        return String(try #require(listed.first { $0.hasSuffix(".cast") }).dropLast(5))
    }
}
