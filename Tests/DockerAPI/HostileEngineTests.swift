import CurfewTestSupport
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import CurfewDockerAPI

/// Answers each request with what the test says: an engine that is broken or hostile.
final class FakeEngine: Sendable {
    private let channel: any Channel
    let path: String

    /// - Parameter answer: status, body and how often the body is repeated, by path.
    static func with(
        _ scratch: Scratch, _ answer: @escaping @Sendable (String) -> (Int, String, Int),
        _ body: (FakeEngine) async throws -> Void
    ) async throws {
        let path = scratch.file("engine.sock")
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .bind(unixDomainSocketPath: path).get()
        let engine = FakeEngine(channel, path)
        do { try await body(engine) } catch {
            try? await channel.close()
            throw error
        }
        try? await channel.close()
    }

    private init(_ channel: any Channel, _ path: String) { (self.channel, self.path) = (channel, path) }

    func client(timeout: Duration = .seconds(5), maxAnswer: Int = 1 << 20) throws -> DockerClient {
        try DockerClient(endpoint: DockerEndpoint(address: .unix(path: path)), timeout: timeout, maxAnswer: maxAnswer)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let answer: @Sendable (String) -> (Int, String, Int)
        init(_ answer: @escaping @Sendable (String) -> (Int, String, Int)) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            let isPing = head.uri == "/_ping"
            let (status, body, count) = isPing ? answer("/_ping") : answer(String(head.uri.drop { $0 != "/" }))
            guard status > 0 else { return }
            let headers: HTTPHeaders = isPing ? ["Api-Version": body] : ["Content-Type": "application/json"]
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .init(statusCode: status), headers: headers))),
                promise: nil)
            let piece = ByteBuffer(string: isPing ? "OK" : body)
            for _ in 0..<count { context.write(wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

@Suite struct HostileEngineTests {
    private func code(_ answer: (Int, String, Int), version: String = "1.41") async throws -> (DockerError.Code, String) {
        let scratch = try Scratch("fake-engine")
        nonisolated(unsafe) var result: (DockerError.Code, String) = (.init(rawValue: "none"), "")
        try await FakeEngine.with(scratch, { $0 == "/_ping" ? (200, version, 1) : answer }) { engine in
            let client = try engine.client(timeout: .milliseconds(700))
            do { _ = try await client.containers(labels: ["a"]) } catch let error as DockerError {
                result = (error.code, error.description)
            }
            await client.shutdown()
        }
        return result
    }

    @Test func anAnswerOf100MB() async throws {
        let (code, text) = try await code((200, String(repeating: "x", count: 1 << 20), 100))
        #expect(code == .tooLarge, "\(text)")
    }

    @Test(arguments: ["garbage", "{}", "[{}]", "[{\"Id\": 5}]", "[[", "", "null"]) func garbage(_ body: String) async throws {
        let (code, text) = try await code((200, body, 1))
        #expect(code == .badAnswer, "\(text)")
        #expect(text.contains("GET /containers/json"), "\(text)")
    }

    @Test func aMissingFieldIsNamed() async throws {
        let (code, text) = try await code((200, "[{\"Id\": \"a\", \"Created\": 1}]", 1))
        #expect(code == .badAnswer && text.contains("State"), "\(text)")
    }

    @Test func silence() async throws {
        let (code, _) = try await code((0, "", 0))
        #expect(code == .timedOut)
    }

    @Test func refusalsAreBoundedAndClean() async throws {
        let (code, text) = try await code((500, "{\"message\": \"no\\u001b[31m\(String(repeating: "x", count: 5000))\"}", 1))
        #expect(code == .refused && text.count < 1200 && !text.contains("\u{1B}"), "\(text)")
    }

    @Test func versions() async throws {
        #expect(try await code((200, "[]", 1), version: "1.40").0 == .version)
        #expect(try await code((200, "[]", 1), version: "none").0 == .badAnswer)
        #expect(try await code((200, "[]", 1), version: "1.99").0.rawValue == "none")
    }

    @Test func nobodyThere() async throws {
        let client = try DockerClient(endpoint: DockerEndpoint(address: .unix(path: "/nonexistent/docker.sock")))
        await #expect {
            try await client.ping()
        } throws: { ($0 as? DockerError)?.code == .unreachable }
        await client.shutdown()
    }

    @Test func endpoints() {
        #expect(DockerEndpoint("unix:///run/docker.sock")?.description == "unix:///run/docker.sock")
        #expect(DockerEndpoint("tcp://[::1]:2376")?.description == "tcp://[::1]:2376")
        for text in [
            "http://h:1", "unix://run", "tcp://h", "tcp://h:0", "tcp://-h:1", "tcp://a b:1", "tcp://h:1/../x",
            "unix:///" + String(repeating: "a", count: 120),
        ] { #expect(DockerEndpoint(text) == nil, "\(text)") }
        #expect(DockerEndpoint.escaped("../x?y") == "..%2Fx%3Fy")
    }

    @Test func references() {
        #expect(DockerClient.split("r:5000/a") == ("r:5000/a", "latest"))
        #expect(DockerClient.split("r:5000/a:1") == ("r:5000/a", "1"))
        #expect(DockerClient.split("a@sha256:b") == ("a", "sha256:b"))
    }

    @Test func streamsOfTwo() {
        var demux = LogDemultiplexer()
        let frame: (UInt8, String) -> Data = { Data([$0, 0, 0, 0, 0, 0, 0, UInt8($1.utf8.count)] + Array($1.utf8)) }
        let all = frame(1, "a\nb") + frame(2, "err\n") + frame(1, "c\r\nlast")
        for byte in all { demux.add(Data([byte])) }
        #expect(demux.finished() == ["a", "err", "bc", "last"])
        var plain = LogDemultiplexer()
        plain.add(Data("plain text\nof a terminal".utf8))
        #expect(plain.finished() == ["plain text", "of a terminal"])
    }
}
