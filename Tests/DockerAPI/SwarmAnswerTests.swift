import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDockerAPI

@Suite("What a manager answers is bounded and checked") struct SwarmAnswerTests {
    /// The error of a call at an engine that answers so.
    private func failure(_ answer: (Int, String, Int), _ call: (DockerClient) async throws -> Void) async throws -> DockerError?
    {
        let scratch = try Scratch("fake-manager")
        nonisolated(unsafe) var result: DockerError?
        try await FakeEngine.with(scratch, { $0 == "/_ping" ? (200, "1.41", 1) : answer }) { engine in
            let client = try engine.client(timeout: .milliseconds(700))
            do { try await call(client) } catch let error as DockerError { result = error }
            await client.shutdown()
        }
        return result
    }

    private static let lists: [@Sendable (DockerClient) async throws -> Void] = [
        { _ = try await $0.services(labels: ["a"]) }, { _ = try await $0.tasks(labels: ["a"]) }, { _ = try await $0.nodes() },
        { _ = try await $0.secrets(labels: ["a"]) },
    ]

    @Test("Nothing is no empty list", arguments: ["null", "{}", "garbage", "", "[{}]", "[{\"ID\": 5}]"])
    func garbage(_ body: String) async throws {
        for list in Self.lists { #expect(try await failure((200, body, 1), list)?.code == .badAnswer) }
    }

    @Test func silenceAndSize() async throws {
        for list in Self.lists {
            #expect(try await failure((0, "", 0), list)?.code == .timedOut)
            #expect(try await failure((200, String(repeating: " ", count: 1 << 20), 3), list)?.code == .tooLarge)
        }
        // A node that is gone leaves a log without an end.
        #expect(try await failure((0, "", 0)) { _ = try await $0.logTail(.task("t"), lines: 1) }?.code == .timedOut)
    }

    @Test func refusalsKeepTheirStatus() async throws {
        let taken = try await failure((409, "{\"message\": \"name conflicts\"}", 1)) {
            _ = try await $0.createService(
                ServiceSpec(name: "a", labels: [:], task: .init(container: .init(Image: "i"))))
        }
        #expect(taken?.isConflict == true)
        // Gone is removed.
        #expect(try await failure((404, "{\"message\": \"no\"}", 1)) { try await $0.removeService("a") } == nil)
        #expect(try await failure((400, "{\"message\": \"in use\"}", 1)) { try await $0.removeSecret("a") }?.status == 400)
    }

    @Test func aSpecIsSentAsItIsRead() throws {
        var spec = ServiceSpec(name: "a", labels: ["b": "c"], task: .init(container: .init(Image: "i@sha256:0")))
        spec.TaskTemplate.ContainerSpec.Mounts = [.init(memory: 1 << 20, at: "/t"), .init(volume: nil, at: "/v", labels: [:])]
        spec.EndpointSpec = .init(Mode: "dnsrr", Ports: [.init(onHost: 80)])
        let text = String(decoding: try DockerClient.encode(spec), as: UTF8.self)
        for part in [
            #""Replicated":{"Replicas":1}"#, #""PublishMode":"host","TargetPort":80"#, #""Type":"tmpfs""#, #""Mode":1023"#,
        ] { #expect(text.contains(part), "\(text)") }
        #expect(try JSONDecoder().decode(ServiceSpec.self, from: Data(text.utf8)) == spec)
    }
}
