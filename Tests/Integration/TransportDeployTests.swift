import CurfewTestSupport
import Foundation
import Testing

/// A repository on each kind of server deploys, and deploys again.
@Suite struct TransportDeploySerial {
    @Test(.timeLimit(.minutes(2))) func sshd() async throws {
        let world = try await World("sshd")
        let (server, url, key, hosts) = try await GitServers(world.scratch).ssh()
        defer { withExtendedLifetime(server) {} }
        try await deploys(world, "\(url)/remote.git", credentials: "sshKeyFile: \(key), knownHostsFile: \(hosts)")
    }

    @Test(.timeLimit(.minutes(2))) func httpsWithAToken() async throws {
        let world = try await World("https")
        let (server, url, authority) = try await GitServers(world.scratch).https()
        defer { withExtendedLifetime(server) {} }
        try world.scratch.write("token", "s3cret\n")
        try await deploys(
            world, "\(url)/git/remote.git", credentials: "username: alice, tokenFile: token, caFile: \(authority)")
    }

    @Test(.timeLimit(.minutes(2))) func gitDaemon() async throws {
        let world = try await World("gitd")
        let (server, url) = try await GitServers(world.scratch).daemon()
        defer { withExtendedLifetime(server) {} }
        try await deploys(world, "\(url)/remote.git")
    }

    private func deploys(_ world: World, _ url: String, credentials: String? = nil) async throws {
        let more = credentials.map { ", credentials: { \($0) }" } ?? ""
        try world.configure(repository: "{ url: \"\(url)\", branch: main, interval: 1s, timeout: 20s\(more) }")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first, within: .seconds(30)), "\(world.told(daemon))")
            #expect(await world.page() == "one")
            #expect(world.status?.source.url == url)
            try world.site(page: "two", port: world.port)
            let second = try await world.push("Second")
            #expect(await world.converged(at: second, within: .seconds(30)), "\(world.told(daemon))")
            #expect(await world.page() == "two")
            // The secret is in nothing that is shown.
            let events = try await world.curfew("events")
            #expect(!events.output.contains("s3cret") && !daemon.log.contains("s3cret"))
        }
    }
}
