import Hummingbird
import Logging

/// The floor of the HTTP API: Hummingbird as it comes, one route, two words. `hello-world PORT`.
@main struct HelloWorld {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 18480
        let router = Router()
        router.get("/") { _, _ in "Hello, world" }
        var log = Logger(label: "hello-world")
        log.logLevel = .warning
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: log)
        try await application.runService()
    }
}
