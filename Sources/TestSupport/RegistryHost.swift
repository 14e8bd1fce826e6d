import Foundation
import Glibc

/// A registry of images of its own on the loopback address, gone afterwards.
public final class RegistryHost: Sendable {
    /// `127.0.0.1:5000`.
    public let address: String
    private let folder: String
    private let server: pid_t

    /// Runs `body` with a registry. With `login`, it lets in `user` with the password `right` alone.
    public static func with(login: Bool = false, _ body: (RegistryHost) async throws -> Void) async throws {
        let host = try await RegistryHost(login: login)
        do { try await body(host) } catch {
            await host.stop()
            throw error
        }
        await host.stop()
    }

    private init(login: Bool) async throws {
        let port = try freePort()
        address = "127.0.0.1:\(port)"
        folder = "/tmp/curfew-registry-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        // The password `right`.
        let line = "user:$2b$04$Evg81zQDn0SQz.ECHDvzOewXWsipTv9UbqA1q5qycHYgBsWHJ1Ff6\n"
        try line.write(toFile: folder + "/htpasswd", atomically: true, encoding: .utf8)
        let auth = login ? "auth: { htpasswd: { realm: test, path: \(folder)/htpasswd } }" : ""
        try """
        version: 0.1
        log: { level: warn }
        storage: { filesystem: { rootdirectory: \(folder)/data } }
        http: { addr: "\(address)" }
        \(auth)
        """.write(toFile: folder + "/config.yml", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/docker-registry")
        process.arguments = ["serve", folder + "/config.yml"]
        _ = FileManager.default.createFile(atPath: folder + "/log", contents: nil)
        process.standardError = FileHandle(forWritingAtPath: folder + "/log")
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        server = process.processIdentifier
        let address = address
        let isUp = await eventually(within: .seconds(10)) {
            let result = try? await execute("curl", ["-sS", "-o", "/dev/null", "http://\(address)/v2/"])
            return result?.code == 0
        }
        guard isUp else {
            let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
            await stop()
            throw ProgramFailure(command: "docker-registry", output: log)
        }
    }

    /// Ends it for good.
    public func stop() async {
        kill(server, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Pushes an image of an engine under another name; gives back `name@sha256:…`.
    public func push(_ image: String, as name: String, from engine: EngineHost, config: String? = nil) async throws -> String {
        let tag = "\(address)/\(name)"
        try await engine.docker("tag", image, tag)
        var words = ["-H", engine.endpoint, "push", "-q", tag]
        if let config { words = ["--config", config] + words }
        let result = try await execute("docker", words)
        guard result.code == 0 else { throw ProgramFailure(command: "docker push", output: result.errors) }
        return try await engine.docker("inspect", "--format", "{{index .RepoDigests 0}}", tag)
    }
}
