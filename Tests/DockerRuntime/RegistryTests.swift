import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewDockerRuntime

/// Images from a real registry.
@Suite("Images from a registry, on a real engine", .enabled(if: geteuid() == 0, "an engine of its own needs root"), .serialized)
struct DockerRegistrySerial {
    private func failure(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "it worked"
        } catch { return "\(error)" }
    }

    @Test("Tags become digests, digests are pulled, what is not there is told", .timeLimit(.minutes(2)))
    func digests() async throws {
        try await RegistryHost.with { registry in
            try await Fixture.with { fixture in
                let pinned = try await registry.push(fixture.host.image, as: "app:1", from: fixture.host)
                try await fixture.host.docker("rmi", "\(registry.address)/app:1")
                try await fixture.run { runtime in
                    #expect(try await runtime.resolve(tag: "\(registry.address)/app:1") == pinned)
                    let web = try fixture.desired { $0.artifact = .image(pinned) }
                    let id = try newID()
                    #expect(try await runtime.start(id, of: web).state == .running)
                    // Names nobody knows
                    let odd = "\(registry.address)/app@sha256:" + String(repeating: "0", count: 64)
                    let missing = await failure { try await runtime.prepare(try fixture.desired { $0.artifact = .image(odd) }) }
                    #expect(missing.contains("manifest unknown") || missing.contains("not found"), "\(missing)")
                    let tag = await failure { _ = try await runtime.resolve(tag: "\(registry.address)/nobody:9") }
                    #expect(tag.contains("find the digest of"), "\(tag)")
                    // Built here and pushed nowhere: its id.
                    try await fixture.host.docker("tag", fixture.host.image, "only-here:3")
                    try await fixture.host.docker("rmi", "-f", pinned)
                    #expect(try await runtime.resolve(tag: "only-here:3") == fixture.host.image)
                    await registry.stop()
                    let down = await failure { _ = try await runtime.resolve(tag: "\(registry.address)/app:1") }
                    #expect(down.contains("connection refused"), "\(down)")
                    let other = "\(registry.address)/app@sha256:" + String(repeating: "1", count: 64)
                    let pull = await failure { try await runtime.prepare(try fixture.desired { $0.artifact = .image(other) }) }
                    #expect(pull.contains("connection refused"), "\(pull)")
                    // What is here already needs no registry.
                    try await runtime.prepare(try fixture.desired { $0.artifact = .image(fixture.host.image) })
                }
            }
        }
    }

    @Test("A login from a file; without one or with a wrong one it is said", .timeLimit(.minutes(2)))
    func logins() async throws {
        try await RegistryHost.with(login: true) { registry in
            try await Fixture.with { fixture in
                let files = ["right", "wrong"].map { fixture.scratch.file("\($0)/config.json") }
                for (file, password) in zip(files, ["right", "wrong"]) {
                    let auth = Data("user:\(password)".utf8).base64EncodedString()
                    try fixture.scratch.write(
                        "\(password)/config.json", "{\"auths\":{\"\(registry.address)\":{\"auth\":\"\(auth)\"}}}")
                    chmod(file, 0o600)
                }
                let pinned = try await registry.push(
                    fixture.host.image, as: "app:1", from: fixture.host, config: fixture.scratch.file("right"))
                try await fixture.host.docker("rmi", "\(registry.address)/app:1")
                let web = try fixture.desired { $0.artifact = .image(pinned) }
                try await fixture.run { runtime in
                    let text = await failure { try await runtime.prepare(web) }
                    #expect(text.contains("name a file with a login in the runtime's 'credentials'"), "\(text)")
                }
                try await fixture.run({ $0.credentials = files[1] }) { runtime in
                    let text = await failure { try await runtime.prepare(web) }
                    #expect(text.contains("the login was refused") && !text.contains("wrong"), "\(text)")
                }
                try await fixture.run({ $0.credentials = files[0] }) { runtime in
                    #expect(try await runtime.resolve(tag: "\(registry.address)/app:1") == pinned)
                    try await runtime.prepare(web)
                }
            }
        }
    }

    @Test("A registry that never answers is given up", .timeLimit(.minutes(2)))
    func silence() async throws {
        try await Fixture.with { fixture in
            let silent = try SilentServer()
            defer { silent.close() }
            try await fixture.run { runtime in
                let image = "127.0.0.1:\(silent.port)/app@sha256:" + String(repeating: "2", count: 64)
                let web = try fixture.desired { $0.artifact = .image(image) }
                let began = ContinuousClock.now
                let text = await failure { try await runtime.prepare(web) }
                #expect(text.contains("pull"), "\(text)")
                #expect(ContinuousClock.now - began < .seconds(60))
                // Meanwhile and afterwards the engine is of use.
                #expect(try await runtime.start(try newID(), of: try fixture.desired()).state == .running)
            }
        }
    }
}

/// Takes connections and says nothing.
final class SilentServer {
    let port: Int
    private let socket: Int32

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        (address.sin_family, address.sin_addr.s_addr) = (sa_family_t(AF_INET), inet_addr("127.0.0.1"))
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (socket, size) = (socket, length)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isBound else { throw Missing() }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    func close() { Glibc.close(socket) }
}
