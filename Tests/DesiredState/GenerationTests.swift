import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct GenerationTests {
    private static let spec = """
          artifact: { path: site }
          env: { A: a, B: b }
          ports: [{ name: http, expose: 8080 }, { name: admin, protocol: tcp }]
          resources: { memory: 128Mi, pids: 10 }
          mounts: [{ path: /data, volume: v }, { path: /tmp/x }]
          health: { http: { port: http, path: / } }
        """.split(separator: "\n").map { "  " + $0.trimmingPrefix(while: { $0 == " " }) }.joined(separator: "\n")

    private func generation(_ spec: String = spec, _ edit: (String) -> String = { $0 }, site: String = "x") throws
        -> DesiredWorkload
    {
        let text = edit(Fixture.workload("w", spec))
        let loaded = try Fixture.load([
            "manifests/b/w.yaml": .file(Array(text.utf8)), "site/index.html": .file(Array(site.utf8)),
            "moved/index.html": .file(Array(site.utf8)),
        ])
        #expect(loaded.allDiagnostics.isEmpty, "\(loaded.allDiagnostics)")
        return try #require(loaded.bundles[Name(literal: "b")]?.workloads.first).desired
    }

    /// Changing this value replaces every instance of every user: it needs a new tag and a line in the change log.
    @Test func golden() throws {
        let desired = try Fixture.workload(spec: "  env: { A: a }")
        #expect(desired.generation.hex == "cb278eeb6d08dc523ff312049ed64219d6598d4dabdc67678115f958e9a6f4fd")
        #expect(desired.parts["env"] == "cb27648e24de89bf")
        #expect(
            desired.parts.keys.sorted() == ["artifact", "command", "env", "health", "mounts", "ports", "resources", "runtime"])
        #expect(desired.parts.values.allSatisfy { $0.utf8.count == 16 && $0.utf8.allSatisfy(\.isLowerHexadecimal) })
    }

    @Test func theSameTwice() throws { #expect(try generation().generation == generation().generation) }

    @Test(arguments: [
        ("[sleep, \"1\"]", "[sleep, \"2\"]", "command"), ("[sleep, \"1\"]", "[sleep1]", "command"),
        ("A: a", "A: c", "env"), ("A: a, B: b", "A: a", "env"), ("A: a, B: b", "A: aB, B: ''", "env"),
        ("name: http, expose", "protocol: tcp, name: http, expose", "ports"),
        (
            "ports: [{ name: http, expose: 8080 }, { name: admin, protocol: tcp }]",
            "ports: [{ name: admin, protocol: tcp }, { name: http, expose: 8080 }]", "ports"
        ),
        ("128Mi", "256Mi", "resources"), ("pids: 10", "pids: 11", "resources"), ("memory: 128Mi, ", "", "resources"),
        ("volume: v", "volume: u", "mounts"), ("/tmp/x", "/tmp/y", "mounts"), (", volume: v", "", "mounts"),
        ("path: / }", "path: /x }", "health"), ("path: / } }", "path: / }, interval: 3s }", "health"),
        ("path: / } }", "path: / }, timeout: 3s }", "health"), ("path: / } }", "path: / }, startup: 3s }", "health"),
        ("path: / } }", "path: / }, failures: 4 }", "health"),
        ("http: { port: http, path: / }", "tcp: { port: http }", "health"),
        ("http: { port: http, path: / }", "command: [a]", "health"),
    ])
    func whatShapesAnInstanceChangesIt(_ old: String, _ new: String, _ part: String) throws {
        let (before, after) = (try generation(), try generation(Self.spec) { $0.replacing(old, with: new) })
        #expect(before.generation != after.generation)
        #expect(before.parts.keys.filter { before.parts[$0] != after.parts[$0] } == [part])
    }

    @Test func theArtifactsContentChangesIt() throws {
        let (before, after) = (try generation(), try generation(site: "y"))
        #expect(before.generation != after.generation)
        #expect(before.parts.keys.filter { before.parts[$0] != after.parts[$0] } == ["artifact"])
    }

    @Test(arguments: [
        ("  command:", "  replicas: 7\n  command:"), ("expose: 8080", "expose: 8081"),
        ("  command:", "  dependsOn: [x]\n  command:"),
        ("  command:", "  rollout: { strategy: recreate }\n  command:"), ("{ name: w }", "{ name: w, labels: { a: b } }"),
        ("{ name: w }", "{ name: other }"), ("path: site", "path: moved"), ("A: a, B: b", "B: b, A: a"), ("128Mi", "131072Ki"),
        ("{ path: /data, volume: v }, { path: /tmp/x }", "{ path: /tmp/x }, { path: /data, volume: v }"),
        ("path: / } }", "path: / }, interval: 2s, timeout: 1s, startup: 30s, failures: 3 }"),
    ])
    func whatDoesNotShapeAnInstanceLeavesIt(_ old: String, _ new: String) throws {
        let changed = try generation(Self.spec) { text in
            #expect(text.contains(old))
            return text.replacing(old, with: new)
        }
        #expect(try generation().generation == changed.generation)
    }
}
