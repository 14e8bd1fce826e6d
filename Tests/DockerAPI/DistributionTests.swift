import CurfewTestSupport
import Testing

@testable import CurfewDockerAPI

@Suite struct DistributionTests {
    @Test func asksForTheDigestOfAReference() async throws {
        let digest = "sha256:" + String(repeating: "c", count: 64)
        let scratch = try Scratch("distribution")
        try await FakeEngine.with(
            scratch,
            { path in
                switch path {
                case "/_ping": (200, "1.41", 1)
                case "/v1.41/distribution/registry.example:5000/app:1.2/json":
                    (200, "{\"Descriptor\":{\"digest\":\"\(digest)\"}}", 1)
                default: (403, "{\"message\":\"denied\"}", 1)
                }
            },
            { engine in
                let client = try engine.client()
                #expect(try await client.distribution("registry.example:5000/app:1.2").Descriptor.digest == digest)
                let refused = await #expect(throws: DockerError.self) { try await client.distribution("secret/app") }
                #expect(refused?.status == 403)
                await client.shutdown()
            })
    }
}
