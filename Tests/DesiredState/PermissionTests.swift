import CurfewModel
import Foundation
import Testing

@testable import CurfewDesiredState

@Suite("What bundles may use") struct PermissionTests {
    static let digest = String(repeating: "a", count: 64)
    /// A way to ask for something, with the place of what asks.
    static let asks: [(lines: String, place: String)] = [
        ("  container: { capabilities: [NET_BIND_SERVICE, SYS_ADMIN] }", "8:49"),
        ("  container: { capabilities: [DAC_READ_SEARCH] }", "8:31"),
        ("  secrets: [{ path: /run/secrets/p, file: prod-db }]", "8:43"),
        ("  secrets: [{ path: /run/secrets/p, age: keys/prod.age }]", "8:42"),
        ("  container: { networks: [backend] }", "8:27"), ("  ports: [{ name: p, expose: 22 }]", "8:30"),
    ]

    private func diagnostics(_ lines: String, _ permissions: BundlePermissions, image: String = "r.example/app")
        throws -> [Diagnostic]
    {
        var can = RuntimeCapabilities(artifacts: [.image, .url, .none], limits: [], volumes: true)
        (can.containers, can.secrets) = (true, true)
        let artifact = lines.contains("artifact") ? "" : "  artifact: { image: \"\(image)@sha256:\(Self.digest)\" }"
        let text = """
            apiVersion: curfew/v1
            kind: Workload
            metadata: { name: w }
            spec:
              runtime: docker
              command: ["true"]
            \(artifact)
            \(lines)
            """
        let tree = MemoryTree(["manifests/dev/w.yaml": .file(Array(text.utf8)), "keys/prod.age": "x"])
        let loader = DesiredStateLoader(runtimes: [Name(literal: "docker"): can], permissions: permissions)
        let loaded = try loader.load(tree, revision: ObjectID(number: 1))
        let isHeld = assemble(loaded, lastGood: [:], allowsPrune: false).desired.held.contains { $0.bundle.rawValue == "dev" }
        let errors = loaded.allDiagnostics.contains { $0.severity == .error }
        #expect(isHeld == errors && loaded.bundles[Name(literal: "dev")]?.isForbidden == errors)
        return loaded.allDiagnostics
    }

    private func configuration(_ allow: String) throws -> ServiceConfiguration {
        let text = """
            apiVersion: curfew/v1
            kind: Configuration
            repository: { url: https://git.example/x.git }
            trust: { mode: none }
            api: { listen: "127.0.0.1:8420" }
            runtimes: { docker: { type: docker, endpoints: ["tcp://127.0.0.1:2375"], reach: address }, local: { type: local } }
            \(allow)
            """
        return try ServiceConfiguration.parse(Array(text.utf8)[...], name: "curfew.yaml", folder: "/")
    }

    @Test(
        "Nothing beyond the ordinary without being told, with place and line; with that very line it is allowed",
        arguments: asks)
    func beyond(_ lines: String, _ place: String) throws {
        let found = try diagnostics(lines, BundlePermissions())
        let denied = try #require(found.first)
        #expect(found.count == 1 && "\(denied.line):\(denied.column)" == place, "\(found)")
        #expect(denied.message.contains("is not allowed for bundle 'dev'"), "\(denied)")
        let line = try #require(denied.message.split(separator: "configuration: ").last)
        #expect(line.hasPrefix("- { bundles: [dev], "), "\(line)")
        let allowing = try configuration("allow:\n  \(line)\n").permissions
        #expect(try diagnostics(lines, allowing).isEmpty, "\(line)")
        // For another bundle it says nothing.
        let other = try configuration("allow:\n  \(line.replacing("[dev]", with: "[prod, \"deva\", \"*-dev\"]"))\n").permissions
        #expect(try diagnostics(lines, other).count == 1)
        // What the line allows beside it goes on being ordinary.
        #expect(
            try diagnostics("  container: { capabilities: [NET_BIND_SERVICE] }\n  ports: [{ name: p, expose: 443 }]", allowing)
                .isEmpty)
    }

    @Test("Without a configuration: a warning, and nothing is held", arguments: asks)
    func unknown(_ lines: String, _ place: String) throws {
        let found = try diagnostics(lines, .unknown)
        #expect(found.map(\.severity) == [.warning] && found.first?.message.contains("--config") ?? false, "\(found)")
    }

    @Test(
        "What is ordinary",
        arguments: [
            "  container: { capabilities: [NET_BIND_SERVICE] }",
            "  ports: [{ name: p, expose: 80 }, { name: q, expose: 1024 }]",
            "  mounts: [{ path: /d, volume: data }]", "  artifact: { image: \"busybox@sha256:\(digest)\" }",
            "  artifact: { url: \"https://files.example.org/a.tar\", sha256: \(digest) }",
            "  artifact: { url: \"http://93.184.215.14:8080/a.tar\", sha256: \(digest) }",
        ]) func ordinary(_ lines: String) throws
    { #expect(try diagnostics(lines, BundlePermissions()) == []) }

    @Test("Ports of Curfew's own are nobody's, whatever is allowed", arguments: [8420, 20000, 25000, 29999, 2375])
    func own(_ port: Int) throws {
        let everything = try configuration("allow:\n  - { bundles: [\"*\"], ports: [1-65535] }").permissions
        let found = try diagnostics("  ports: [{ name: p, expose: \(port) }]", everything)
        #expect(found.count == 1 && found.first?.message.contains("Curfew's own") ?? false, "\(found)")
        #expect(try diagnostics("  ports: [{ name: p, expose: 8421 }]", everything) == [])
    }

    @Test(
        "Addresses that are not public are refused in every form",
        arguments: [
            "127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "0.0.0.0", "10.1.2.3", "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "localhost", "x.localhost", "[::1]", "[::]",
            "[fe80::1]", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
            "[ff02::1]", "127.0.0.1:443",
        ]) func privateDownloads(_ host: String) throws
    {
        let lines = "  artifact: { url: \"https://\(host)/a.tar\", sha256: \(Self.digest) }"
        let found = try diagnostics(lines, BundlePermissions())
        #expect(found.count == 1 && found.first?.message.contains("private address") ?? false, "\(found)")
        var rule = AllowRule(bundles: ["dev"])
        rule.downloads = [host]
        #expect(try diagnostics(lines, BundlePermissions([rule])) == [])
        rule.downloads = ["files.example.org", host + ":81"]
        #expect(try diagnostics(lines, BundlePermissions([rule])).count == 1)
    }

    @Test("Rules add up, and a field that one has is no longer ordinary") func rules() throws {
        var (all, dev, shop) = (AllowRule(bundles: ["*"]), AllowRule(bundles: ["d*v"]), AllowRule(bundles: ["shop-*"]))
        (all.capabilities, dev.capabilities, shop.capabilities) = (["CHOWN"], ["KILL"], ["SYS_ADMIN"])
        dev.registries = ["r.example/team/*"]
        dev.runtimes = ["doc*"]
        let permissions = BundlePermissions([shop, dev, all])
        func allows(_ words: String) throws -> Bool {
            try diagnostics("  container: { capabilities: [\(words)] }", permissions, image: "r.example/team/app").isEmpty
        }
        #expect(try allows("CHOWN") && allows("KILL") && allows("CHOWN, KILL"))
        #expect(try !allows("SYS_ADMIN") && !allows("NET_BIND_SERVICE"))
        #expect(try diagnostics("", permissions, image: "r.example/team/sub/app").count == 1)
        #expect(try diagnostics("", permissions, image: "busybox").count == 1)
        dev.runtimes = ["local"]
        #expect(try diagnostics("", BundlePermissions([dev]), image: "r.example/team/app").map(\.line) == [5])
        dev.volumes = []
        dev.runtimes = nil
        #expect(
            try diagnostics("  mounts: [{ path: /d, volume: data }]", BundlePermissions([dev]), image: "r.example/team/app")
                .count == 1)
    }

    @Test("Secrets of one kind are not those of the other") func secretKinds() throws {
        var rule = AllowRule(bundles: ["dev"])
        rule.secrets = ["age:**", "prod-db", "file:other-*"]
        #expect(try diagnostics(Self.asks[2].lines, BundlePermissions([rule])).count == 1)
        rule.secrets = ["file:*", "age:keys/*/**"]
        #expect(try diagnostics(Self.asks[2].lines, BundlePermissions([rule])) == [])
        #expect(try diagnostics(Self.asks[3].lines, BundlePermissions([rule])).count == 1)
    }

    @Test(
        "What is not understood in 'allow' is an error",
        arguments: [
            ("[{ capabilities: [CHOWN] }]", "needs the field 'bundles'"), ("[{ bundles: [] }]", "1 to 256"),
            ("[{ bundles: [\"*\"], capabilities: [\"*\"] }]", "one by one"),
            ("[{ bundles: [\"*\"], capabilities: [ALL] }]", "one by one"),
            ("[{ bundles: [\"*\"], capabilities: [CAP_CHOWN] }]", "one by one"),
            ("[{ bundles: [\"*\"], secrets: [prod] }]", "file:NAME"),
            ("[{ bundles: [\"*\"], secrets: [\"age:/etc/x\"] }]", "file:NAME"),
            ("[{ bundles: [\"*\"], ports: [0] }]", "1-65535"), ("[{ bundles: [\"*\"], ports: [9-8] }]", "1-65535"),
            ("[{ bundles: [\"*\"], ports: [\"8000-99999\"] }]", "1-65535"),
            ("[{ bundles: [\"*\"], downloads: [\"*\"] }]", "'public'"),
            ("[{ bundles: [\"*\"], downloads: [\"a@b\"] }]", "'public'"), ("[{ bundles: [\"../x\"] }]", "names with '*'"),
            ("[{ bundles: [\"*\"], devices: [x] }]", "unknown field 'devices'"), ("{ bundles: [x] }", "has to be a list"),
        ]) func refuses(_ text: String, _ message: String) throws
    {
        let error = #expect(throws: ConfigurationError.self) { try configuration("allow: \(text)") }
        #expect(error?.description.contains(message) ?? false, "\(String(describing: error))")
    }

    @Test("Patterns match like their definition, whatever is in them") func patterns() {
        func slow(_ pattern: Substring, _ text: Substring) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            if first == "*" {
                let isAcross = pattern.hasPrefix("**")
                let rest = pattern.drop { $0 == "*" }
                if slow(rest, text) { return true }
                guard let letter = text.first, isAcross || letter != "/" else { return false }
                return slow(pattern, text.dropFirst())
            }
            return text.first == first && slow(pattern.dropFirst(), text.dropFirst())
        }
        var random = SystemRandomNumberGenerator()
        func word(_ letters: String, _ count: Int) -> String {
            String((0..<Int.random(in: 0...count, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
        }
        for _ in 0..<3000 {
            let (pattern, text) = (word("ab/*", 7), word("ab/", 8))
            #expect(WordPattern(pattern).matches(text) == slow(pattern[...], text[...]), "\(pattern) \(text)")
        }
        #expect(!WordPattern(String(repeating: "*a", count: 2000)).matches(String(repeating: "a", count: 1000) + "b"))
    }
}
