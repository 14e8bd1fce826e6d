import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Every way to a repository, against real servers.
@Suite(.timeLimit(.minutes(2))) struct TransportTests {
    @Test func file() async throws {
        let fixture = try await Fixture("file")
        let mirror = try await fixture.mirror()
        let tip = try await fixture.head()
        let first = try await mirror.refresh()
        #expect(first.tip == tip && first.moved)
        #expect(try await !mirror.refresh().moved)
        #expect(try await mirror.commit(tip).summary == "First")
        let entry = try #require(try await mirror.tree(at: tip).entry(at: "a.txt"))
        let read = try await mirror.tree(at: tip).withBlob(entry.id, limit: 100) { String(decoding: $0, as: UTF8.self) }
        guard case .value("one\n") = read else { Issue.record("\(read)"); return }
    }

    @Test func gitDaemon() async throws {
        let fixture = try await Fixture("daemon")
        let (server, url) = try await GitServers(fixture.scratch).daemon()
        defer { withExtendedLifetime(server) {} }
        let mirror = try await fixture.mirror("\(url)/remote.git")
        #expect(try await mirror.refresh().tip == fixture.head())
        let missing = await gitError { _ = try await fixture.mirror("\(url)/other.git", name: "b.git").refresh() }
        #expect(missing?.code == .notARepository, "\(String(describing: missing))")
    }

    @Test func httpsWithATokenAndNoOther() async throws {
        let fixture = try await Fixture("https")
        let (server, url, authority) = try await GitServers(fixture.scratch).https()
        defer { withExtendedLifetime(server) {} }
        let token = try fixture.scratch.write("token", "s3cret\n")
        let good = GitCredentials(username: "alice", tokenFile: token, certificateAuthorityFile: authority)
        let mirror = try await fixture.mirror("\(url)/git/remote.git", credentials: good)
        #expect(try await mirror.refresh().tip == fixture.head())
        // Writing, too.
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let revert = try await mirror.revertAndPush(
            second, subject: nil, body: "Why not.\n", at: Instant(milliseconds: 1_700_000_000_000), attempts: 2)
        #expect(try await fixture.remoteTip() == revert)

        let wrongToken = try fixture.scratch.write("wrong", "guess\n")
        let refused = await gitError {
            _ = try await fixture.mirror(
                "\(url)/git/remote.git",
                credentials: GitCredentials(username: "alice", tokenFile: wrongToken, certificateAuthorityFile: authority),
                name: "b.git"
            ).refresh()
        }
        #expect(refused?.code == .authentication, "\(String(describing: refused))")
        #expect(refused.map { !"\($0)".contains("guess") } ?? false)
        let untrusted = await gitError {
            _ = try await fixture.mirror(
                "\(url)/git/remote.git", credentials: GitCredentials(username: "alice", tokenFile: token), name: "c.git"
            ).refresh()
        }
        #expect(untrusted?.code == .certificate, "\(String(describing: untrusted))")
        let away = await gitError {
            _ = try await fixture.mirror("\(url)/away/remote.git", credentials: good, name: "d.git").refresh()
        }
        #expect(away?.code == .redirected, "\(String(describing: away))")
        let missing = await gitError {
            _ = try await fixture.mirror("\(url)/git/other.git", credentials: good, name: "e.git").refresh()
        }
        #expect(missing?.code == .notARepository, "\(String(describing: missing))")
        // A web server with something else on it.
        try fixture.scratch.write("site/info/refs", "<html>hello</html>\n")
        let page = await gitError { _ = try await fixture.mirror("\(url)/site", credentials: good, name: "f.git").refresh() }
        #expect(page?.code == .notARepository, "\(String(describing: page))")
    }

    @Test func sshWithAKnownHostAndNoOther() async throws {
        let fixture = try await Fixture("ssh")
        let (server, url, key, knownHosts) = try await GitServers(fixture.scratch).ssh()
        defer { withExtendedLifetime(server) {} }
        let good = GitCredentials(sshKeyFile: key, knownHostsFile: knownHosts)
        let mirror = try await fixture.mirror("\(url)/remote.git", credentials: good)
        #expect(try await mirror.refresh().tip == fixture.head())
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let revert = try await mirror.revertAndPush(second, subject: nil, body: "", at: Instant(milliseconds: 0), attempts: 2)
        #expect(try await fixture.remoteTip() == revert)

        let empty = try fixture.scratch.write("nobody", "")
        let unknown = await gitError {
            _ = try await fixture.mirror(
                "\(url)/remote.git", credentials: GitCredentials(sshKeyFile: key, knownHostsFile: empty), name: "b.git"
            ).refresh()
        }
        #expect(unknown?.code == .hostKeyMismatch, "\(String(describing: unknown))")
        #expect(unknown?.message.contains("is not in") ?? false)
        // The host was set up anew, or somebody stands in between.
        let userKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
        let line = try String(contentsOfFile: knownHosts, encoding: .utf8).split(separator: " ")[0]
        let other = try fixture.scratch.write("other_hosts", "\(line) \(userKey)")
        let changed = await gitError {
            _ = try await fixture.mirror(
                "\(url)/remote.git", credentials: GitCredentials(sshKeyFile: key, knownHostsFile: other), name: "c.git"
            ).refresh()
        }
        #expect(
            changed?.code == .hostKeyMismatch && changed?.message.contains("is not the one") ?? false,
            "\(String(describing: changed))")
        let stranger = try await execute(
            "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", fixture.scratch.file("stranger")])
        #expect(stranger.code == 0)
        let refused = await gitError {
            _ = try await fixture.mirror(
                "\(url)/remote.git",
                credentials: GitCredentials(sshKeyFile: fixture.scratch.file("stranger"), knownHostsFile: knownHosts),
                name: "d.git"
            ).refresh()
        }
        #expect(refused?.code == .authentication, "\(String(describing: refused))")
    }

    @Test func hashedAndRevokedHostKeys() async throws {
        let fixture = try await Fixture("hosts")
        let (server, url, key, knownHosts) = try await GitServers(fixture.scratch).ssh()
        defer { withExtendedLifetime(server) {} }
        let plain = try String(contentsOfFile: knownHosts, encoding: .utf8)
        let hashed = try fixture.scratch.write("hashed", plain)
        #expect(try await execute("ssh-keygen", ["-q", "-H", "-f", hashed]).code == 0)
        #expect(try !String(contentsOfFile: hashed, encoding: .utf8).contains("127.0.0.1"))
        let mirror = try await fixture.mirror(
            "\(url)/remote.git", credentials: GitCredentials(sshKeyFile: key, knownHostsFile: hashed))
        #expect(try await mirror.refresh().tip == fixture.head())
        let words = plain.split(whereSeparator: \.isWhitespace)
        for name in [String(words[0]), "*"] {
            let file = try fixture.scratch.write("revoked", plain + "@revoked \(name) \(words[1]) \(words[2])\n")
            let error = await gitError {
                _ = try await fixture.mirror(
                    "\(url)/remote.git", credentials: GitCredentials(sshKeyFile: key, knownHostsFile: file), name: "b.git"
                ).refresh()
            }
            #expect(error?.code == .hostKeyMismatch, "\(String(describing: error))")
            #expect(error?.message.contains("revoked") ?? false)
        }
    }
}
