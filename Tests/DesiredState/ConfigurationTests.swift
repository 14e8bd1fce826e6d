import CurfewDesiredState
import CurfewModel
import CurfewTestSupport
import Testing

@Suite struct ConfigurationTests {
    private static let least = """
        apiVersion: curfew/v1
        kind: Configuration
        repository: { url: https://git.example/x.git }
        trust: { mode: none }

        """

    private func load(_ text: String) throws -> ServiceConfiguration {
        let scratch = try Scratch("configuration")
        return try ServiceConfiguration.load(path: scratch.write("curfew.yaml", text))
    }

    private func failure(_ text: String) throws -> String {
        let scratch = try Scratch("configuration")
        let path = try scratch.write("curfew.yaml", text)
        do {
            _ = try ServiceConfiguration.load(path: path)
            return ""
        } catch {
            return error.description.replacing(path, with: "curfew.yaml")
        }
    }

    @Test func defaults() throws {
        let configuration = try load(Self.least)
        #expect(
            configuration.repository
                == .init(
                    url: "https://git.example/x.git", branch: "main", mirrors: [], timeout: .seconds(60),
                    interval: .seconds(30),
                    credentials: .init()))
        #expect(configuration.state == "/var/lib/curfew")
        #expect(configuration.trust == .none)
        #expect(configuration.identity == .init(name: "Curfew", email: "curfew@localhost", signingKey: nil))
        #expect(configuration.pruneLimit == 0.5)
        #expect(configuration.limits == LoadLimits())
        #expect(configuration.observeInterval == .seconds(10))
        let local = Name(literal: "local")
        #expect(
            configuration.runtimes == [
                local: .init(
                    name: local, type: "local", firstPort: 20000, lastPort: 29999, user: nil, maxArtifact: ByteCount(1 << 30))
            ])
        #expect(configuration.edge == .init(type: "haproxy", bind: "127.0.0.1"))
    }

    @Test func everythingAndRelativePaths() throws {
        let scratch = try Scratch("configuration")
        let path = try scratch.write(
            "etc/curfew.yaml",
            """
            apiVersion: curfew/v1
            kind: Configuration
            repository:
              url: ../remote.git
              branch: release/1
              mirrors: [ssh://git@host:2222/x.git, "git@host:x.git"]
              timeout: 10s
              interval: 24h
              credentials: { username: bot, tokenFile: token, sshKeyFile: /keys/id, passphraseFile: ./a/../p, knownHostsFile: k, caFile: c }
            state: state
            trust: { mode: none }
            identity: { name: Bot, email: bot@x, signingKey: key }
            prune: { limit: 1 }
            limits: { fileSize: 2Mi, depth: 32, nodes: 500 }
            observe: { interval: 1s }
            runtimes: { local: { type: local, ports: 30000-30001, user: nobody, store: { maxArtifact: 10Mi } }, two: { type: local } }
            edge: { type: haproxy, bind: "::1" }
            """)
        let configuration = try ServiceConfiguration.load(path: path)
        let folder = scratch.file("etc")
        #expect(configuration.repository.url == scratch.file("remote.git"))
        #expect(configuration.repository.mirrors == ["ssh://git@host:2222/x.git", "git@host:x.git"])
        #expect(configuration.repository.credentials.tokenFile == folder + "/token")
        #expect(configuration.repository.credentials.sshKeyFile == "/keys/id")
        #expect(configuration.repository.credentials.passphraseFile == folder + "/p")
        #expect(configuration.state == folder + "/state")
        #expect(configuration.identity.signingKey == folder + "/key")
        #expect(configuration.pruneLimit == 1)
        #expect(configuration.limits == LoadLimits(fileSize: 2 << 20, depth: 32, nodes: 500))
        #expect(configuration.runtimes.count == 2)
        #expect(configuration.runtimes[Name(literal: "local")]?.lastPort == 30001)
        #expect(configuration.edge.bind == "::1")
    }

    @Test(arguments: ["mode: signed, ", ""]) func signedTrustAndBackends(_ mode: String) throws {
        let scratch = try Scratch("configuration")
        let root = String(repeating: "0a", count: 20)
        let path = try scratch.write(
            "etc/curfew.yaml",
            """
            apiVersion: curfew/v1
            kind: Configuration
            repository: { url: https://git.example/x.git }
            trust: { \(mode)root: \(root), owners: [alice, bob] }
            identity: { signingKey: key }
            access:
              bastion: { type: ssh, ca: keys/ca, krl: /etc/ssh/krl, principals: p, authLog: /var/log/auth.log, cutSessions: false, hook: [/usr/bin/cut-them, -v], host: bastion.example, foreign: remove }
              root: { type: sudo, folder: sudoers.d, log: log, hosts: [ALL, web-1.example], prefix: cf- }
              plain: { type: sudo }
            """)
        let configuration = try ServiceConfiguration.load(path: path)
        let folder = scratch.file("etc")
        #expect(configuration.trust == .signed)
        #expect(configuration.trustRoot?.hex == root)
        #expect(configuration.trustOwners.map(\.rawValue) == ["alice", "bob"])
        #expect(configuration.backends.count == 3)
        let ssh = try #require(configuration.backends[Name(literal: "bastion")])
        #expect((ssh.type, ssh.removesForeign) == ("ssh", true))
        #expect(
            ssh.settings == [
                "ca": .text(folder + "/keys/ca"), "krl": .text("/etc/ssh/krl"), "principals": .text(folder + "/p"),
                "authLog": .text("/var/log/auth.log"), "cutSessions": .bool(false),
                "hook": .list([.text("/usr/bin/cut-them"), .text("-v")]), "host": .text("bastion.example"),
            ])
        let sudo = try #require(configuration.backends[Name(literal: "root")])
        #expect(
            sudo.settings == [
                "folder": .text(folder + "/sudoers.d"), "log": .text(folder + "/log"),
                "hosts": .list([.text("ALL"), .text("web-1.example")]), "prefix": .text("cf-"),
            ])
        #expect(configuration.backends[Name(literal: "plain")] == .init(name: Name(literal: "plain"), type: "sudo"))
    }

    @Test(arguments: [
        ("", "0:0: error: the file is empty"),
        ("[", "1:2: error: not valid YAML"),
        ("5", "has to be a mapping, not the integer 5"),
    ])
    func whole(_ text: String, _ message: String) throws {
        let found = try failure(text)
        #expect(found.contains(message), "\(found)")
    }

    @Test(arguments: [
        (
            "mode: none", "mode: signed",
            "4:16: error: trust with mode: signed needs the field 'root' too"
        ),
        ("mode: none", "mode: forge", "not built yet"), ("mode: none", "mode: nome", "did you mean 'none'?"),
        ("trust: { mode: none }", "", "needs the field 'trust'"),
        (
            "trust: { mode: none }", "trust: {}",
            "4:8: error: trust with mode: signed (the mode unless 'mode: none' is written) needs the field 'root' too"
        ),
        ("trust: { mode: none }", "trust: {}", "needs the field 'owners' too"),
        ("trust: { mode: none }", "trust: {}", "needs identity.signingKey too"),
        ("mode: none", "mode: signed, root: abc", "40 digits of the first commit"),
        ("mode: none", "owners: []", "trust.owners has 0 entries; 1 to 64 are allowed"),
        ("mode: none", "owners: [Alice]", "DNS label"), ("mode: none", "mode: none, owners: [a]", "goes with mode: signed"),
        ("trust:", "access: { b: {} }\ntrust:", "needs the field 'type'"),
        ("trust:", "access: { b: { type: shh } }\ntrust:", "did you mean 'ssh'?"),
        ("trust:", "access: { b: { type: ssh } }\ntrust:", "needs the field 'ca'"),
        ("trust:", "access: { b: { type: ssh, ca: k, folder: /x } }\ntrust:", "'folder' goes with type: sudo"),
        ("trust:", "access: { b: { type: docker-exec } }\ntrust:", "needs the field 'runtime'"),
        ("trust:", "access: { b: { type: docker-exec, runtime: dokker } }\ntrust:", "there is no runtime 'dokker'"),
        ("trust:", "access: { b: { type: sudo, runtime: local } }\ntrust:", "'runtime' goes with type: docker-exec"),
        ("trust:", "access: { b: { type: sudo, krl: /x } }\ntrust:", "'krl' goes with type: ssh"),
        ("trust:", "access: { b: { type: sudo, folders: /x } }\ntrust:", "did you mean 'folder'?"),
        ("trust:", "access: { b: { type: sudo, prefix: a.b } }\ntrust:", "not allowed there"),
        ("trust:", "access: { b: { type: sudo, hosts: [\"!h\"] } }\ntrust:", "not allowed there"),
        ("trust:", "access: { b: { type: ssh, ca: k, host: \"h; reboot\" } }\ntrust:", "not allowed there"),
        ("trust:", "access: { b: { type: ssh, ca: k, host: -oProxyCommand=x } }\ntrust:", "not allowed there"),
        ("trust:", "access: { b: { type: ssh, ca: k, hook: a b } }\ntrust:", "hook has to be a list"),
        ("trust:", "access: { b: { type: ssh, ca: k, cutSessions: yes } }\ntrust:", "true or false"),
        ("trust:", "access: { B: { type: sudo } }\ntrust:", "DNS label"),
        ("https://git.example", "https://user:secret@git.example", "3:20: error: repository.url holds credentials"),
        ("https://git.example", "https://token@git.example", "holds credentials"),
        ("https://git.example/x.git", "ftp://x", "unknown scheme 'ftp'"),
        ("https://git.example/x.git", "--upload-pack=x", "begin with '-'"),
        ("https://git.example/x.git", "\"a\\nb\"", "control characters"),
        ("x.git }", "x.git, branch: \"-x\" }", "no valid name of a branch"),
        ("x.git }", "x.git, branch: a..b }", "no valid name"), ("x.git }", "x.git, interval: 0s }", "from 1s to 24h"),
        ("x.git }", "x.git, intervall: 5s }", "unknown field 'intervall'; did you mean 'interval'?"),
        ("Configuration", "Workload", "kind has to be one of Configuration"),
        ("trust:", "prune: { limit: 1.5 }\ntrust:", "prune.limit has to be a number from 0.0 to 1.0"),
        ("trust:", "prune: { limit: .nan }\ntrust:", "not the number .nan"),
        ("trust:", "observe: { interval: 999ms }\ntrust:", "from 1s to 10m"),
        ("trust:", "edge: { bind: localhost }\ntrust:", "literal IPv4 or IPv6 address"),
        ("trust:", "edge: { type: nginx }\ntrust:", "one of haproxy"),
        ("trust:", "runtimes: { Local: { type: local } }\ntrust:", "DNS label"),
        ("trust:", "runtimes: { a: { type: dockr } }\ntrust:", "did you mean 'docker'?"),
        ("trust:", "runtimes: { a: { type: docker } }\ntrust:", "needs the field 'endpoints'"),
        ("trust:", "runtimes: { a: { type: docker, endpoints: [http://h] } }\ntrust:", "unix:///path/to/socket"),
        ("trust:", "runtimes: { a: { type: docker, endpoints: [tcp://h:1] } }\ntrust:", "may be another machine"),
        ("trust:", "runtimes: { a: { type: docker, endpoints: [unix:///s, unix:///t] } }\ntrust:", "go with type: swarm"),
        ("trust:", "runtimes: { a: { type: swarm } }\ntrust:", "type swarm needs the field 'endpoints'"),
        ("trust:", "runtimes: { a: { type: swarm, endpoints: [] } }\ntrust:", "1 to 16"),
        ("trust:", "runtimes: { a: { type: swarm, endpoints: [unix:///s, unix:///s] } }\ntrust:", "named twice"),
        ("trust:", "runtimes: { a: { type: swarm, endpoints: [unix:///s], base: a } }\ntrust:", "goes with type: docker, not"),
        ("trust:", "runtimes: { a: { type: local, endpoints: [unix:///s] } }\ntrust:", "goes with type: docker or swarm"),
        (
            "trust:",
            "runtimes: { a: { type: swarm, endpoints: [unix:///s] } }\naccess: { b: { type: docker-exec, runtime: a } }\ntrust:",
            "name a runtime of type docker"
        ),
        ("trust:", "runtimes: { a: { type: local, base: x } }\ntrust:", "goes with type: docker"),
        ("trust:", "runtimes: { a: { type: docker, endpoints: [unix:///s], base: a:1 } }\ntrust:", "by digest"),
        ("trust:", "runtimes: {}\ntrust:", "runtimes is empty"),
        ("trust:", "runtimes: { a: { type: local, ports: 9-1 } }\ntrust:", "range within 1024-65535"),
        ("trust:", "runtimes: { a: { type: local }, b: { type: local } }\ntrust:", "overlap"),
        ("trust:", "runtimes: { a: { type: local, user: \"a b\" } }\ntrust:", "no name of an account"),
        ("trust:", "identity: { name: \"a\\nb\" }\ntrust:", "identity.name must not"),
        ("trust:", "state: \"\"\ntrust:", "state has to be a path"),
        ("trust:", "limits: { depth: 2 }\ntrust:", "from 4 to 1000"),
        ("trust:", "---\ntrust:", "another one"),
    ])
    func refuses(_ old: String, _ new: String, _ message: String) throws {
        let found = try failure(Self.least.replacing(old, with: new))
        #expect(found.contains(message), "\(found)")
        #expect(!found.contains("secret"))
    }

    @Test func allMistakesAtOnce() throws {
        let found = try failure(
            "apiVersion: curfew/v1\nkind: Configuration\nrepository: {}\ntrust: { mode: signed }\nedge: { bind: x }\nnope: 1\n")
        #expect(found.split(separator: "\n").count == 6, "\(found)")
    }

    @Test func missingFileAndFolder() throws {
        let scratch = try Scratch("configuration")
        #expect(throws: ConfigurationError.self) { try ServiceConfiguration.load(path: scratch.file("none.yaml")) }
        #expect(throws: ConfigurationError.self) { try ServiceConfiguration.load(path: scratch.path) }
        let large = try scratch.write("large.yaml", String(repeating: "#", count: 2 << 20))
        #expect(throws: ConfigurationError.self) { try ServiceConfiguration.load(path: large) }
    }
}
