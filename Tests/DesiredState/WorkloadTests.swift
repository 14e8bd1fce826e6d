import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct WorkloadTests {
    @Test func everythingAtOnce() throws {
        let text = """
            apiVersion: curfew/v1
            kind: Workload
            metadata: { name: web, labels: { tier: edge } }
            spec:
              runtime: local
              replicas: 2
              artifact: { path: site }
              command: [busybox, httpd, -f, -p, "127.0.0.1:$(PORT)", -h, ., "$(PORT_HTTP_ADMIN)", "$$(HOME)"]
              env: { GREETING: hello, ANSWER: no }
              ports: [{ name: http, expose: 18080 }, { name: http-admin, protocol: tcp }]
              resources: { memory: 128Mi, pids: 0x40 }
              mounts: [{ path: /var/cache, volume: data }, { path: /scratch }]
              health: { http: { port: http, path: /live }, interval: 1s, timeout: 250ms, startup: 1m30s, failures: 5 }
              rollout: { strategy: canary, steps: [{ weight: 10, pause: 30s }, { weight: 50, pause: 1h }], deadline: 2m, drain: 0s, onFailure: hold, keepWarm: 0s }
              dependsOn: [db]
            """
        let loaded = try Fixture.load(["manifests/b/w.yaml": .file(Array(text.utf8)), "site/index.html": "x"])
        #expect(loaded.allDiagnostics.isEmpty, "\(loaded.allDiagnostics)")
        let item = try #require(loaded.bundles[Name(literal: "b")]?.workloads.first)
        let workload = item.desired.workload
        #expect((item.file, item.line, item.column) == ("manifests/b/w.yaml", 3, 19))
        #expect(item.desired.bundle == Name(literal: "b"))
        #expect(item.desired.revision == ObjectID(number: 1))
        #expect(workload.name == Name(literal: "web"))
        #expect(workload.labels == ["tier": "edge"])
        #expect(workload.replicas == 2)
        #expect(workload.command.count == 9)
        #expect(workload.env == ["GREETING": "hello", "ANSWER": "no"])
        #expect(
            workload.ports == [
                Port(name: Name(literal: "http"), expose: 18080), Port(name: Name(literal: "http-admin"), mode: .tcp),
            ])
        #expect(workload.resources == Resources(memory: ByteCount(128 << 20), pids: 64))
        #expect(workload.mounts == [Mount(path: "/var/cache", volume: Name(literal: "data")), Mount(path: "/scratch")])
        #expect(
            workload.health
                == HealthCheck(
                    probe: .http(port: Name(literal: "http"), path: "/live"), interval: .seconds(1),
                    timeout: .milliseconds(250),
                    startup: .seconds(90), failures: 5))
        #expect(
            workload.rollout
                == RolloutPolicy(
                    strategy: .canary(steps: [.init(weight: 10, pause: .seconds(30)), .init(weight: 50, pause: .seconds(3600))]
                    ),
                    deadline: .seconds(120), drain: .zero, onFailure: .hold))
        #expect(workload.dependsOn == [Name(literal: "db")])
        guard case .tree("site", _) = workload.artifact else { return #expect(Bool(false), "\(workload.artifact)") }
    }

    @Test func defaults() throws {
        let workload = try Fixture.workload(spec: "").workload
        #expect(workload.replicas == 1)
        #expect(workload.artifact == .none)
        #expect(workload.health == nil)
        #expect(workload.rollout == RolloutPolicy())
        #expect(try Fixture.workload(spec: "  rollout: { strategy: rolling }").workload.rollout.strategy == .rolling(surge: 1))
    }

    /// Lines of spec, the place, and a part of the message.
    @Test(arguments: [
        ("  replica: 2", "7:3", "unknown field 'replica'; did you mean 'replicas'?"),
        ("  replicas: -1", "7:13", "replicas has to be an integer from 0 to 1000, not the integer -1"),
        ("  replicas: 1001", "7:13", "0 to 1000"),
        ("  replicas: two", "7:13", "not 'two'"),
        ("  replicas: \"2\"", "7:13", "has to be an integer"),
        ("  replicas: 1000000000000000000000000000000", "7:13", "0 to 1000"),
        ("  replicas:", "7:12", "not nothing"),
        ("  replicas: [1]", "7:13", "not a list"),
        ("  env: { 1A: x }", "7:10", "env name '1A'"),
        ("  env: { A: 1 }", "7:13", "put it in quotes if you mean the text: \"1\""),
        ("  env: { A: \"x\\0y\" }", "7:13", "NUL"),
        ("  env: [a]", "7:8", "env has to be a mapping, not a list"),
        ("  env: { A: $(PORT) }", "7:13", "nothing is called '$(PORT)'; this workload has no ports"),
        ("  ports: [{ name: http }]\n  env: { A: $(PORT_HTPP) }", "8:13", "did you mean 'PORT_HTTP'?"),
        ("  ports: [{ name: http }]\n  env: { A: $(PORT }", "8:13", "is not closed"),
        ("  ports: [{ name: a }, { name: a }]", "7:32", "port name 'a' is used twice"),
        ("  ports: [{ name: a, expose: 0 }]", "7:30", "1 to 65535"),
        ("  ports: [{ name: a, expose: 65536 }]", "7:30", "1 to 65535"),
        ("  ports: [{ name: a, expose: 80 }, { name: b, expose: 80 }]", "7:55", "expose 80 is used twice"),
        ("  ports: [{ name: a, protocol: udp }]", "7:32", "one of http, tcp"),
        ("  ports: [{ expose: 80 }]", "7:11", "port needs the field 'name'"),
        ("  resources: { cpu: 1 }", "7:14", "the cgroup controller is missing"),
        ("  resources: { memory: 128 }", "7:24", "has to be from 1Mi"),
        ("  resources: { memory: 1.5Gi }", "7:24", "128Mi, 1Gi or 500M"),
        ("  resources: { memory: 99999999999999999999Gi }", "7:24", "128Mi"),
        ("  resources: { memory: -1 }", "7:24", "128Mi"),
        ("  mounts: [{ path: data }]", "7:20", "has to be absolute"),
        ("  mounts: [{ path: / }]", "7:20", "is the root"),
        ("  mounts: [{ path: /usr/x }]", "7:20", "lies in /usr"),
        ("  mounts: [{ path: /app }]", "7:20", "lies in /app"),
        ("  mounts: [{ path: /proc }]", "7:20", "lies in /proc"),
        ("  mounts: [{ path: /data/../usr }]", "7:20", "without '.'"),
        ("  mounts: [{ path: /data/ }]", "7:20", "without '.'"),
        ("  mounts: [{ path: \"/a\\nb\" }]", "7:20", "control characters"),
        ("  mounts: [{ path: /a }, { path: /a }]", "7:34", "is used twice"),
        ("  mounts: [{ path: /a }, { path: /a/b }]", "7:34", "overlaps '/a'"),
        ("  artifact: { path: ../x }", "7:21", "leaves its folder"),
        ("  artifact: { path: /etc }", "7:21", "has to be relative"),
        ("  artifact: { path: \"a\\nb\" }", "7:21", "control characters"),
        ("  artifact: { path: nothing }", "7:21", "is not there in this revision"),
        ("  artifact: { path: site/index.html }", "7:21", "is a file; it has to be a folder"),
        ("  artifact: { path: manifests/b }", "7:21", "contains this manifest itself"),
        ("  artifact: { path: . }", "7:21", "without '.'"),
        ("  artifact: {}", "7:13", "artifact needs one of: path, url + sha256, image"),
        ("  artifact: { url: \"https://h/x.tar\" }", "7:13", "needs the field 'sha256' too"),
        ("  artifact: { url: \"file:///x\", sha256: a }", "7:20", "begin with https:// or http://"),
        ("  artifact: { url: \"https://u:p@h/x\", sha256: a }", "7:20", "holds credentials"),
        ("  artifact: { path: site, image: a }", "7:13", "takes only one of"),
        ("  artifact: { image: \"app:latest\" }", "7:22", "has to name a digest"),
        ("  health: {}", "7:11", "health needs one of: http, tcp, command"),
        ("  health: { tcp: { port: x } }", "7:26", "names no port of this workload: 'x'; it has no ports"),
        ("  health: { command: [] }", "7:22", "1 to 256 are allowed"),
        ("  health: { command: [\"\"] }", "7:23", "begins with an empty word"),
        ("  ports: [{ name: a }]\n  health: { http: { port: a, path: x } }", "8:36", "begin with '/'"),
        ("  ports: [{ name: a }]\n  health: { http: { port: a, path: \"/ HTTP/1.1\\r\\nX: y\" } }", "8:36", "no spaces"),
        ("  rollout: { strategy: bluegreen }", "7:24", "did you mean 'blueGreen'?"),
        ("  rollout: { surge: 2 }", "7:21", "'surge' goes with strategy rolling, not with blueGreen"),
        ("  rollout: { strategy: canary }", "7:12", "needs the field 'steps'"),
        (
            "  rollout: { strategy: canary, steps: [{ weight: 50, pause: 1s }, { weight: 50, pause: 1s }] }", "7:77",
            "does not grow"
        ),
        ("  rollout: { strategy: canary, steps: [{ weight: 100, pause: 1s }] }", "7:50", "1 to 99"),
        ("  rollout: { keepWarm: 48h }", "7:24", "has to be from"),
        ("  rollout: { keepWarm: 5m }", "7:12", "needs a port with 'expose'"),
        ("  rollout: { strategy: recreate, keepWarm: 5m }", "7:44", "goes with strategy blueGreen or canary"),
        ("  container: { user: nobody }", "7:14", "is for containers"),
        ("  ports: [{ name: a, port: 80 }]", "7:10", "is for containers"),
        ("  mounts: [{ path: /x, tmpfs: 1Mi }]", "7:11", "is for containers"),
        ("  health: { image: healthcheck }", "7:11", "is for containers"),
        ("  secrets: [{ path: /run/secrets/a, file: a }]", "7:12", "gives no secrets"),
        ("  secrets: [{ path: /run/secrets/../etc, file: a }]", "7:21", "directly in /run/secrets"),
        ("  rollout: { deadline: 0s }", "7:24", "has to be from 1s to 24h"),
        ("  dependsOn: [a, a]", "7:18", "names 'a' twice"),
        ("  dependsOn: [\"-a\"]", "7:15", "is no DNS label"),
        ("  dependsOn: [\"a\\nb\"]", "7:15", "is no DNS label"),
    ])
    func refuses(_ lines: String, _ place: String, _ message: String) throws {
        let found = try Fixture.diagnostics(Fixture.workload("w", lines))
        let first = try #require(found.first { $0.message.contains(message) }, "\(found)")
        #expect("\(first.line):\(first.column)" == place, "\(found)")
        #expect(first.file == "manifests/b/w.yaml")
    }

    @Test(arguments: [
        "0", "-1", "\"1\"", "1", "1000000000000000000000000000000", "10^30", "0s", "99ms", "1h1ms", "2h", "1s1h", "1s1s",
        "s", "1.5s", "-1s", "1 s", "9999999999999999999h", "9223372036854775807h", "1d", "", "~", "[1s]", "null",
    ])
    func badInterval(_ text: String) throws {
        // One bad interval holds its own bundle and nothing else.
        let bad = Fixture.workload("w", "  health: { command: [a], interval: \(text.isEmpty ? "''" : text) }")
        let loaded = try Fixture.load([
            "manifests/b/w.yaml": .file(Array(bad.utf8)), "manifests/c/w.yaml": .file(Array(Fixture.workload("x").utf8)),
        ])
        #expect(loaded.allDiagnostics.map(\.file) == ["manifests/b/w.yaml"], "\(loaded.allDiagnostics)")
        #expect(loaded.allDiagnostics.first?.message.hasPrefix("interval has to be") == true)
        let assembly = assemble(loaded, lastGood: [:], allowsPrune: false)
        #expect(assembly.good == [Name(literal: "c")])
    }

    @Test(arguments: ["100ms", "1h", "59m59s", "1s500ms", "0h1s", "007s"])
    func goodInterval(_ text: String) throws { _ = try Fixture.workload(spec: "  health: { command: [a], interval: \(text) }") }

    @Test func envelope() throws {
        #expect(try Fixture.diagnostics("a: 1").map(\.message).contains("unknown field 'a'"))
        #expect(try Fixture.diagnostics("5").map(\.message) == ["the document has to be a mapping, not the integer 5"])
        func kind(_ kind: String) throws -> String {
            try Fixture.diagnostics(Fixture.workload("w").replacing("Workload", with: kind)).map(\.message).joined()
        }
        #expect(try kind("Stack") == "kind Stack is not built yet; only Workload is")
        #expect(try kind("Wrokload") == "unknown kind 'Wrokload'; did you mean 'Workload'?")
        #expect(try kind("Person") == "kind Person belongs in policies/, not in manifests/")
        #expect(try kind("Grant") == "kind Grant belongs in grants/, not in manifests/")
        let version = try Fixture.diagnostics(Fixture.workload("w").replacing("curfew/v1", with: "curfew/v2"))
        #expect(version.map(\.message) == ["apiVersion has to be one of curfew/v1, not 'curfew/v2'; did you mean 'curfew/v1'?"])
    }

    @Test func unknownRuntime() throws {
        let found = try Fixture.diagnostics(Fixture.workload("w").replacing("runtime: local", with: "runtime: locla"))
        #expect(
            found.map(\.description) == [
                "manifests/b/w.yaml:5:12: error: unknown runtime 'locla'; did you mean 'local'? (configured: local)"
            ])
    }

    @Test func whatTheRuntimeCannotDoIsRefused() throws {
        let digest = String(repeating: "a", count: 64)
        let found = try Fixture.diagnostics(Fixture.workload("w", "  artifact: { image: \"r/app@sha256:\(digest)\" }"))
        #expect(found.count == 1)
        #expect(found.first?.message.hasPrefix("runtime local cannot run an image (artifact.image)") == true)
    }

    @Test func allErrorsOfAFileAreTold() throws {
        let text =
            Fixture.workload("-w", "  replicas: x\n  nope: 1\n  mounts: [{ path: / }]", command: "[]")
            + "\n---\n" + Fixture.workload("v", "  replicas: y")
        #expect(try Fixture.diagnostics(text).count == 6)
    }

    @Test func theNumberOfErrorsOfAFileIsBounded() throws {
        let lines = (0..<500).map { "  x\($0): 1" }.joined(separator: "\n")
        #expect(try Fixture.diagnostics(Fixture.workload("w", lines)).count == 100)
    }
}
