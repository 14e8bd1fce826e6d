import CurfewDesiredState
import CurfewTestSupport
import Testing

/// `api` in the configuration: what leaves the machine is encrypted and named, or it is an error.
@Suite struct APIConfigurationTests {
    private func load(_ api: String) throws -> (api: APIConfiguration?, problems: String) {
        let scratch = try Scratch("api-configuration")
        let path = try scratch.write(
            "curfew.yaml",
            """
            apiVersion: curfew/v1
            kind: Configuration
            repository: { url: https://git.example/x.git }
            trust: { mode: none }
            api: \(api)
            """)
        do {
            return (try ServiceConfiguration.load(path: path).api, "")
        } catch { return (nil, "\(error)".replacing(scratch.path, with: "/etc")) }
    }

    @Test func allFields() throws {
        let found = try load(
            """
            { listen: "0.0.0.0:8420", hosts: [curfew.example.org], tls: { cert: c.pem, key: /k.pem }, tokens: tokens,
              oidc: { issuer: "https://id.example.org", audience: curfew, groupsClaim: roles, viewers: [dev], operators: [sre] },
              webhooks: { github: { secretFile: /s/github }, gitlab: { secretFile: /s/gitlab } } }
            """)
        let api = try #require(found.api, "\(found.problems)")
        #expect(api.listen == .address("0.0.0.0", port: 8420) && !api.isLocal)
        #expect(api.tls?.cert.hasSuffix("/c.pem") == true && api.tls?.key == "/k.pem")
        #expect(api.hosts == ["curfew.example.org"] && api.tokens?.hasSuffix("/tokens") == true)
        #expect(api.oidc?.groupsClaim == "roles" && api.oidc?.viewers == ["dev"] && api.oidc?.operators == ["sre"])
        #expect(api.webhooks == [.github: "/s/github", .gitlab: "/s/gitlab"])
    }

    @Test func ordinary() throws {
        #expect(try load("{}").api == APIConfiguration())
        #expect(APIConfiguration().listen == .unix(path: nil) && APIConfiguration().isLocal)
        #expect(try load("{ listen: off }").api?.listen == .off)
        #expect(try load("{ listen: \"unix:/run/c.sock\" }").api?.listen == .unix(path: "/run/c.sock"))
        #expect(try load("{ listen: \"[::1]:8420\" }").api?.listen == .address("::1", port: 8420))
        #expect(try load("{ listen: \"127.0.0.9:8420\", anonymous: viewer }").api?.allowsAnonymousViewers == true)
    }

    @Test(arguments: [
        ("{ listen: \"0.0.0.0:1\", tokens: t }", "api.tls is needed"),
        ("{ listen: \"0.0.0.0:1\", tls: { cert: c, key: k } }", "api.tokens or api.oidc"),
        ("{ listen: \"[::]:1\" }", "api.tls is needed"),
        ("{ listen: \"10.0.0.1:1\", tls: { cert: c, key: k }, tokens: t, anonymous: viewer }", "loopback addresses alone"),
        ("{ listen: \"127.0.0.1:99999\" }", "literal address with a port"), ("{ listen: \"localhost:1\" }", "literal address"),
        ("{ listen: \"127.1:1\" }", "literal address"), ("{ listen: \"unix:c.sock\" }", "literal address"),
        ("{ tls: { cert: c, key: k } }", "needs none"), ("{ tls: { cert: c } }", "'key'"),
        ("{ oidc: { issuer: \"http://id\", audience: a } }", "https://"),
        ("{ oidc: { issuer: \"https://id\" } }", "'audience'"),
        ("{ webhooks: { github: { secretFile: \"\" } } }", "secretFile has to be a path"),
        ("{ webhooks: { github: { secret: x } } }", "unknown field 'secret'"), ("{ hosts: [\"-x\"] }", "no name of a host"),
        ("{ listen: 8420 }", "has to be a string"), ("{ anonymous: operator }", "one of none, viewer"),
    ])
    func refuses(_ api: String, _ message: String) throws {
        let found = try load(api)
        #expect(found.api == nil && found.problems.contains(message), "\(found)")
    }

    @Test func aLongSocketPathIsAnError() throws {
        #expect(try load("{ listen: \"unix:/\(String(repeating: "x", count: 120))\" }").problems.contains("107 bytes"))
    }
}
