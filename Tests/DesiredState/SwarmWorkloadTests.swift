import CurfewDesiredState
import CurfewModel
import Testing

/// What the runtime of a swarm says that it cannot do is refused at the place where it is asked for.
@Suite("Workloads for a runtime of many hosts") struct SwarmWorkloadTests {
    private func problems(
        _ lines: String, artifact: String = "{ image: \"r/app@sha256:\(String(repeating: "a", count: 64))\" }"
    )
        throws -> [String]
    {
        var can = RuntimeCapabilities(artifacts: [.image], limits: ["cpu", "memory", "pids"], volumes: true)
        (can.containers, can.secrets, can.placement, can.volumesArePinned) = (true, true, true, true)
        can.missingCommandProbes = "nobody can do it"
        can.missingArtifacts[.tree] = "push an image"
        let text = """
            apiVersion: curfew/v1
            kind: Workload
            metadata: { name: w }
            spec:
              runtime: swarm
              artifact: \(artifact)
              command: ["true"]
            \(lines)
            """
        let tree = MemoryTree(["manifests/b/w.yaml": .file(Array(text.utf8)), "site/index.html": "x"])
        let loader = DesiredStateLoader(runtimes: [Name(literal: "swarm"): can], permissions: .unknown)
        return try loader.load(tree, revision: ObjectID(number: 1)).allDiagnostics.filter { $0.severity == .error }.map {
            "\($0.line): \($0.message)"
        }
    }

    @Test(arguments: [
        "  mounts: [{ path: /d }, { path: /t, tmpfs: 1Mi }]",
        "  mounts: [{ path: /d, volume: v }]\n  container: { placement: [node.hostname==n1] }",
        "  mounts: [{ path: /d, volume: v }]\n  container: { placement: [node.role == worker, node.id == x] }",
        "  health: { image: healthcheck }", "  ports: [{ name: a, port: 80 }]\n  health: { tcp: { port: a } }",
        "  secrets: [{ path: /run/secrets/a, file: a }]", "  container: { networks: [back], placement: [node.labels.a!=b] }",
    ])
    func takes(_ lines: String) throws { #expect(try problems(lines) == []) }

    @Test(arguments: [
        ("  mounts: [{ path: /d, volume: v }]", "8: a volume of runtime swarm stays on the node"),
        ("  mounts: [{ path: /d, volume: v }]\n  container: { placement: [node.role==worker] }", "8: a volume of"),
        ("  mounts: [{ path: /d, volume: v }]\n  container: { placement: [node.hostname!=n1] }", "8: a volume of"),
        ("  health: { command: [\"true\"] }", "8: runtime swarm runs no commands as health checks: nobody can do it"),
    ])
    func refuses(_ lines: String, _ message: String) throws {
        let found = try problems(lines)
        #expect(found.count == 1 && found[0].hasPrefix(message), "\(found)")
    }

    @Test func aFolderIsRefusedWithTheReason() throws {
        let found = try problems("", artifact: "{ path: site }")
        #expect(found.count == 1 && found[0].contains(": push an image"), "\(found)")
    }
}
