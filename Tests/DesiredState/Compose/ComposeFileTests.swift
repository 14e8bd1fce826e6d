@testable import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct ComposeFileTests {
    private typealias Fixture = ComposeFixture
    private let image = "image: app:1\(ComposeFixture.digest)"

    @Test func anchorsAndMergeKeys() throws {
        let result = Fixture.read(
            """
            x-base: &base
              \(image)
              restart: always
              environment: &env { A: "1", B: "2" }
            x-check: &check { interval: 5s, retries: 2 }
            services:
              one:
                <<: *base
                environment:
                  <<: *env
                  B: "3"
              two:
                <<: [*base, { user: "5" }]
                user: "6"
                healthcheck: { <<: *check, test: [CMD, x], retries: 7 }
            """)
        #expect(result.errors.isEmpty, "\(result.errors)")
        let workloads = try result.workloads.map(Fixture.decoded)
        #expect(workloads[0].env == ["A": "1", "B": "3"])
        #expect(workloads[1].env == ["A": "1", "B": "2"])
        #expect(workloads[1].container.user == "6")
        #expect(workloads[1].health?.interval == .seconds(5))
        #expect(workloads[1].health?.failures == 7)
        #expect(
            Fixture.read("services:\n  a:\n    <<: 5\n").errors == ["compose.yaml:3:9: error: '<<' merges mappings, not '5'"])
    }

    @Test func aRepositoryStillRefusesMergeKeys() throws {
        let found = try CurfewDesiredStateTests.Fixture.diagnostics("a: &x { b: 1 }\nc:\n  <<: *x")
        #expect(found.contains { $0.message.hasPrefix("the merge key '<<' is not supported") })
    }

    @Test func extendsInTheSameFile() throws {
        let result = Fixture.read(
            """
            services:
              base:
                \(image)
                command: [a, b]
                environment: [A=1, B=2]
                ports: ["80:80"]
                volumes: ["data:/data", "x:/x"]
                labels: { never: used }
              web:
                extends: { service: base }
                command: [c]
                environment: { B: "3" }
                ports: ["81:81"]
                volumes: ["more:/data"]
            """)
        let web = try Fixture.decoded(#require(result.workloads.last))
        #expect(web.container.args == ["c"])
        #expect(web.env == ["A": "1", "B": "3"])
        #expect(web.ports.map(\.port) == [80, 81])
        #expect(web.mounts.map { "\($0.path) \($0.volume?.rawValue ?? "")" } == ["/x x", "/data more"])
        let circle = Fixture.read("services:\n  a: { extends: b }\n  b: { extends: a }")
        #expect(circle.errors.contains { $0.contains("circle") })
        #expect(
            Fixture.read("services:\n  a: { extends: { file: x.yaml, service: b } }").errors.first?.contains(
                "'x.yaml' is not read") == true)
        #expect(Fixture.read("services:\n  a: { extends: no }").errors.first?.contains("no service 'no'") == true)
    }

    @Test func dependenciesProfilesAndJobs() throws {
        let text = """
            services:
              web:
                \(image)
                depends_on:
                  db: { condition: service_healthy, restart: true }
                  debug: { condition: service_started, required: false }
                  migrate: { condition: service_completed_successfully }
              my_db: { \(image) }
              db: { \(image), depends_on: [my_db] }
              debug: { \(image), profiles: [debug] }
              migrate: { \(image), command: migrate }
            """
        let result = Fixture.read(text)
        #expect(result.workloads.map(\.workload.name.rawValue) == ["web", "my-db", "db"])
        #expect(try Fixture.decoded(result.workloads[0]).dependsOn == [Name(literal: "db")])
        #expect(try Fixture.decoded(result.workloads[2]).dependsOn == [Name(literal: "my-db")])
        #expect(result.tells("services.debug", "belongs to the profile debug"))
        #expect(result.tells("services.migrate", "is a job"))
        #expect(result.tells("services.web.depends_on", "'migrate' is not waited for"))
        #expect(result.tells("services.web.depends_on.db.restart"))
        #expect(result.tells("services.my_db", "it is called 'my-db'"))
        #expect(Fixture.read(text) { $0.profiles = ["debug"] }.workloads.contains { $0.service == "debug" })
        let circle = Fixture.read(
            "services:\n  a: { \(image), depends_on: [b] }\n  b: { \(image), depends_on: [a] }\n  c: { \(image) }")
        #expect(circle.workloads.map(\.service) == ["c"])
        #expect(
            Fixture.read("services:\n  a: { \(image), depends_on: [dv] }\n  db: { \(image) }").errors.first?.contains(
                "did you mean 'db'") == true)
    }

    @Test func nobodyWaitsForWhatIsNotCarriedOver() throws {
        let result = Fixture.read(
            """
            services:
              web: { \(image), depends_on: [bad, wrong, db] }
              bad: { \(image), command: ["a\\0b"] }
              wrong: { \(image), depends_on: [nobody] }
              db: { \(image) }
              x-api: { \(image) }
            """)
        #expect(result.workloads.map(\.service) == ["web", "db", "x-api"])
        #expect(try Fixture.decoded(result.workloads[0]).dependsOn == [Name(literal: "db")])
        #expect(result.tells("services.web.depends_on", "'bad' is not waited for"))
        #expect(result.tells("services.web.depends_on", "'wrong' is not waited for"))
    }

    @Test(.timeLimit(.minutes(1))) func largeFilesTakeBoundedTime() {
        let chain = (0..<1500).map { "  s\($0): { image: x, depends_on: [s\($0 + 1)] }\n" }.joined() + "  s1500: { image: x }\n"
        #expect(Fixture.read("services:\n" + chain).workloads.count == 1501)
        let base = "x-k: &k\n" + (0..<1000).map { "  k\($0): 1\n" }.joined()
        let wide = base + "services:\n  b: { <<: *k, image: x }\n" + (0..<1000).map { "  s\($0): { extends: b }\n" }.joined()
        #expect(Fixture.read(wide).errors.contains { $0.contains("values together") })
        let name = String(repeating: "n", count: 500)
        #expect(Fixture.read("services:\n  \(name): { image: x }\n").errors.contains { $0.contains("more than 256 bytes") })
        let long = String(repeating: "v", count: 30_000)
        let many = (0..<900).map { "  s\($0): { image: x, command: $V }\n" }.joined()
        #expect(
            Fixture.read("services:\n" + many) { $0.variables = ["V": long] }.errors.contains { $0.contains("bytes together") })
    }

    @Test func networksCarryTheProjectsName() throws {
        let result = Fixture.read(
            """
            name: my_shop
            services:
              web: { \(image), networks: { front: { aliases: [www], ipv4_address: 10.0.0.2 }, back_end: } }
              db: { \(image) }
              host: { \(image), network_mode: host }
            networks:
              front: { driver: overlay, internal: true }
              back_end: { external: true }
            """)
        #expect(result.workloads[0].workload.container.networks.map(\.rawValue) == ["my-shop-front", "back-end"])
        #expect(result.workloads[1].workload.container.networks.map(\.rawValue) == ["my-shop-default"])
        for path in [
            "services.web.networks.front.aliases", "services.web.networks.front.ipv4_address", "networks.front.driver",
            "networks.front.internal", "networks.back_end.external", "services.host.network_mode",
        ] {
            #expect(result.tells(path), "\(path)")
        }
    }

    @Test func imagesAndBuilds() {
        let result = Fixture.read(
            """
            services:
              built: { build: . }
              both: { build: ., image: registry.example:5000/team/app:1.2 }
              none: { user: "1" }
              odd: { image: "-x:|1|" }
              empty: { image: "${NO}" }
            """)
        #expect(result.workloads.map(\.image) == ["registry.example:5000/team/app:1.2"])
        #expect(result.workloads.first?.isPinned == false)
        #expect(result.tells("services.built.build", "Curfew builds nothing"))
        #expect(result.tells("services.none", "has neither an image"))
        #expect(result.tells("services.odd.image", "is no reference"))
        #expect(result.tells("services.empty.image", "names no image"))
        #expect(result.errors.count == 4, "\(result.errors)")
    }

    @Test(arguments: [
        ("", "0:0: error: the file is empty"), ("- a", "1:1: error: a Compose file has to be a mapping, not a list"),
        ("web: { image: x }", "error: services: is missing"), ("services: []", "services: has to be a mapping, not a list"),
        ("services:\n  a: 5", "2:6: error: services.a: has to be a mapping, not '5'"),
        ("services:\n  a: { image: [x] }", "2:15: error: services.a.image: has to be a text, not a list"),
        ("services:\n  a: { image: x, ports: 80 }", "services.a.ports: has to be a list, not '80'"),
        ("services:\n  a: { image: x, user: { a: 1 } }", "services.a.user: has to be a text, not a mapping"),
        ("services:\n  a: { image: x, scale: many }", "services.a.scale: has to be a whole number, not 'many'"),
        ("services:\n  a: { image: x, mem_limit: lots }", "has to be an amount of memory such as 512m"),
        ("services:\n  a: { image: x, read_only: perhaps }", "has to be true or false"),
        ("services:\n  a: { image: x, image: y }", "key 'image' stands twice"), ("services: {", "not valid YAML"),
        ("services:\n  a: { image: !reset x }", "tag '!reset' is not supported"), ("a: 1\n---\nb: 2", "is one document"),
        ("services:\n  a: { image: x, environment: [[1]] }", "has to be NAME=value"),
        ("services:\n  a: { image: x, healthcheck: 5 }", "healthcheck: has to be a mapping"),
        ("services:\n  a: { image: x, command: 'a $b {' }\n  '---': { image: x }", "cannot be made a DNS label"),
        ("services:\n  a_b: { image: x }\n  a-b: { image: x }", "would be called 'a-b'"),
        ("services:\n  a: { image: x, user: '${U:?who}' }", "variable U is needed: who"),
    ])
    func mistakesAreTold(_ text: String, _ words: String) {
        let result = Fixture.read(text)
        #expect(result.errors.contains { $0.contains(words) }, "\(result.texts)")
    }

    @Test func hostileInputIsBoundedAndEscaped() {
        let bomb =
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "bcdefgh".reduce(into: ("", "a")) { text, name in
                text.0 += "\(name): &\(name) [\(Array(repeating: "*\(text.1)", count: 10).joined(separator: ", "))]\n"
                text.1 = "\(name)"
            }.0
        #expect(Fixture.read(bomb + "services: {}").errors.first?.contains("nodes, aliases expanded") == true)
        #expect(Fixture.read(String(repeating: "#", count: 10 << 20)).errors.first?.contains("at most 1048576") == true)
        let escapes = Fixture.read("services:\n  \"a\\e[2J\\nb\": { image: \"x\\e[0m\", \"k\\r\": 1 }")
        #expect(
            !escapes.texts.joined().contains("\u{1B}") && !escapes.texts.joined().contains("\n")
                && !escapes.texts.joined().contains("\r"))
        let values = Fixture.service(
            "    environment: { A: \"x\\e\\u202ey\\n---\\nkind: Role\", B: \"-x: [\", C: \"# no\", D: \" s \", E: \"\\t\" }")
        #expect(values.workloads.count == 1)
        #expect(throws: Never.self) { try Fixture.decoded(#require(values.workloads.first)) }
        #expect(values.workloads.first?.manifest.contains("\u{202E}") == false)
        #expect(values.workloads.first?.manifest.contains("\n---\n") == false)
        #expect(Fixture.service("    command: [\"a\\0b\"]").errors.count == 1)
        let many = (0..<2000).map { "    k\($0): 1\n" }.joined()
        #expect(Fixture.service(many).notes.count <= ComposeReader.noteLimit + 1)
        let deep = String(repeating: "[", count: 200)
        #expect(Fixture.read("services: \(deep)").workloads.isEmpty)
    }
}
