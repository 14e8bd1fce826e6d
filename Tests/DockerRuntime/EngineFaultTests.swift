import CurfewDockerAPI
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDockerRuntime

@Suite("Faults between Curfew and an engine", .serialized) struct DockerEngineFaultSerial {
    @Test("A stream of events that is cut loses no event", .timeLimit(.minutes(2))) func cutStream() async throws {
        try await Fixture.with { fixture in
            let socket = fixture.scratch.file("proxy.sock")
            let proxy = try SocketProxy(path: socket, target: fixture.host.folder + "/docker.sock")
            defer { proxy.close() }
            let through = DockerEndpoint(address: .unix(path: socket))
            try await fixture.run({ $0.endpoint = through }) { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                let entries = Collected()
                let reader = Task { for await entry in runtime.entries { entries.add(entry.command) } }
                for number in 1...10 {
                    proxy.cut()
                    try await fixture.host.docker("exec", id.rawValue, "sleep", "0.0\(number)")
                }
                let wanted = (1...10).map { "sleep 0.0\($0)" }
                let isWhole = await eventually { wanted.allSatisfy(entries.all.contains) }
                #expect(isWhole, "\(entries.all)")
                // The same entries stand in the engine's history.
                let history = await eventually {
                    guard let read = try? await runtime.entries(since: Instant(milliseconds: 0)) else { return false }
                    return read.map(\.command) == wanted
                }
                #expect(history)
                let seen = await eventually { (try? await runtime.observe().map(\.id)) == [id] }
                #expect(seen)
                reader.cancel()
            }
        }
    }

    @Test("A full disk in the engine is told, leaves nothing behind, and passes", .timeLimit(.minutes(2))) func fullDisk()
        async throws
    {
        try await EngineHost.with(dataSize: 48) { host in
            let fixture = Fixture(host: host, scratch: try Scratch("docker-full"))
            try await fixture.run { runtime in
                _ = try await runtime.start(try newID(), of: try fixture.desired())
                let filler = host.folder + "/data/filler"
                _ = try await execute("dd", ["if=/dev/zero", "of=\(filler)", "bs=64k"])
                let id = try newID()
                await #expect {
                    _ = try await runtime.start(id, of: try fixture.desired())
                } throws: { ($0 as? DriverError)?.code == .storage }
                try FileManager.default.removeItem(atPath: filler)
                let isPast = await eventually(within: .seconds(10)) {
                    (try? await runtime.start(id, of: try fixture.desired()).state) == .running
                }
                #expect(isPast)
                #expect(try await runtime.observe().count == 2)
                #expect(try await host.docker("ps", "-aq").split(separator: "\n").count == 2)
            }
        }
    }

    @Test("An engine over TLS: only with our certificate, only with its own", .timeLimit(.minutes(2))) func tls() async throws {
        let scratch = try Scratch("docker-tls")
        try await makeCertificates(scratch)
        let port = try freePort()
        let options =
            "--host tcp://127.0.0.1:\(port) --tlsverify --tlscacert \(scratch.file("ca.pem")) --tlscert \(scratch.file("server.pem")) --tlskey \(scratch.file("server.key"))"
        try await EngineHost.with(options: options) { host in
            let fixture = Fixture(host: host, scratch: scratch)
            func endpoint(_ authority: String, _ name: String) throws -> DockerEndpoint {
                try needed(
                    DockerEndpoint(
                        "tcp://127.0.0.1:\(port)",
                        tls: .init(
                            authority: scratch.file(authority), certificate: scratch.file(name + ".pem"),
                            key: scratch.file(name + ".key"))))
            }
            let right = try endpoint("ca.pem", "client")
            try await fixture.run({ $0.endpoint = right }) { runtime in
                let id = try newID()
                #expect(try await runtime.start(id, of: try fixture.desired()).state == .running)
                let session = try await runtime.enter(id, command: ["sh", "-c", "echo through"], terminal: nil)
                var text = ""
                for try await piece in session.output {
                    if case .output(let bytes) = piece { text += String(decoding: bytes, as: UTF8.self) }
                }
                #expect(text == "through\n")
                #expect(try await session.exitCode() == 0)
            }
            for wrong in [try endpoint("ca.pem", "stranger"), try endpoint("other.pem", "client")] {
                let runtime = try fixture.runtime(folder: "wrong-\(UUID().uuidString)") { $0.endpoint = wrong }
                await #expect { _ = try await runtime.observe() } throws: { ($0 as? DriverError)?.code == .unreachable }
                await runtime.shutdown()
            }
        }
    }

    @Test("The image's own health check counts, and its runs are nobody's entry", .timeLimit(.minutes(2)))
    func healthcheck() async throws {
        try await Fixture.with { fixture in
            func image(_ command: String) async throws -> String {
                try await fixture.host.docker("create", "--name", "maker", fixture.host.image, "true")
                let id = try await fixture.host.docker(
                    "commit", "--change", "HEALTHCHECK --interval=1s --retries=1 CMD \(command)", "maker")
                try await fixture.host.docker("rm", "maker")
                return id
            }
            let (good, bad) = (try await image("busybox true"), try await image("busybox false"))
            try await fixture.run { runtime in
                let entries = Collected()
                let reader = Task { for await entry in runtime.entries { entries.add(entry.command) } }
                for (image, isHealthy) in [(good, true), (bad, false)] {
                    let id = try newID()
                    let web = try fixture.desired {
                        ($0.artifact, $0.health) = (.image(image), HealthCheck(probe: .image))
                    }
                    _ = try await runtime.start(id, of: web)
                    let isTold = try await eventually(within: .seconds(20)) {
                        switch try await runtime.observe().first(where: { $0.id == id })?.reportedHealth {
                        case .healthy?: isHealthy
                        case .unhealthy?: !isHealthy
                        case .unknown?, nil: false
                        }
                    }
                    #expect(isTold, "\(image)")
                }
                #expect(entries.all == [])
                #expect(try await runtime.entries(since: Instant(milliseconds: 0)) == [])
                reader.cancel()
            }
        }
    }

    private func makeCertificates(_ scratch: Scratch) async throws {
        func openssl(_ words: String...) async throws {
            let result = try await execute("openssl", words, in: scratch.path)
            guard result.code == 0 else { throw ProgramFailure(command: "openssl", output: result.errors) }
        }
        for name in ["ca", "other"] {
            try await openssl(
                "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", "\(name).key",
                "-out", "\(name).pem")
        }
        try scratch.write("server.ext", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        try scratch.write("client.ext", "extendedKeyUsage=clientAuth\n")
        for (name, authority, kind) in [
            ("server", "ca", "server"), ("client", "ca", "client"), ("stranger", "other", "client"),
        ] {
            try await openssl(
                "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).csr")
            try await openssl(
                "x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
                "-CAcreateserial", "-days", "2", "-extfile", "\(kind).ext", "-out", "\(name).pem")
        }
    }
}
