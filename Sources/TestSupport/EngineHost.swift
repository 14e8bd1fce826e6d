import Foundation
import Glibc

/// A Docker engine of its own, with an image of busybox, gone afterwards. Needs root.
public final class EngineHost: Sendable {
    /// Everything of it lies here.
    public let folder: String
    /// The image's id: `sha256:…`.
    public let image: String
    /// `unix://…`.
    public var endpoint: String { "unix://\(folder)/docker.sock" }

    /// Runs `body` with an engine and clears it away, whatever happens.
    /// - Parameters:
    ///   - options: more words for `dockerd`.
    ///   - dataSize: the engine's data lie on a disk of so many MiB in memory.
    public static func with(
        options: String = "", dataSize: Int? = nil, _ body: (EngineHost) async throws -> Void
    ) async throws {
        let host = try await EngineHost(options, dataSize)
        do { try await body(host) } catch {
            await host.clear()
            throw error
        }
        await host.clear()
    }

    private let options: String

    private init(_ options: String, _ dataSize: Int?) async throws {
        let folder = "/tmp/curfew-engine-\(UUID().uuidString.prefix(8).lowercased())"
        (self.folder, self.options) = (folder, options)
        if let dataSize {
            let data = folder + "/data"
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            let result = try await execute("mount", ["-t", "tmpfs", "-o", "size=\(dataSize)m", "curfew", data])
            guard result.code == 0 else { throw ProgramFailure(command: "mount", output: result.errors) }
        }
        image = try await Self.script("start", folder, options)
    }

    private func clear() async { _ = try? await Self.script("stop", folder) }

    /// Ends the engine as `kill` does (with -9 when `hard`) and waits until it is gone.
    public func stop(hard: Bool = false) async throws {
        let file = "\(folder)/docker.pid"
        guard let pid = (try? String(contentsOfFile: file, encoding: .utf8)).flatMap({ Int32($0) }) else { return }
        kill(pid, hard ? SIGKILL : SIGTERM)
        guard await eventually(within: .seconds(30), { kill(pid, 0) != 0 || Self.isZombie(pid) }) else {
            throw ProgramFailure(command: "dockerd", output: "it does not end")
        }
        unlink(file)
    }

    /// Starts it again on the same data.
    public func start() async throws { _ = try await Self.script("start", folder, options) }

    /// The docker command on this engine.
    @discardableResult
    public func docker(_ arguments: String...) async throws -> String {
        let result = try await execute("docker", ["-H", endpoint] + arguments)
        guard result.code == 0 else {
            throw ProgramFailure(command: "docker \(arguments.joined(separator: " "))", output: result.errors)
        }
        return result.output.trimmingCharacters(in: .newlines)
    }

    private static func isZombie(_ pid: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
        return text.split(separator: ")").last?.split(separator: " ").first == "Z"
    }

    private static func script(_ verb: String, _ folder: String, _ options: String = "") async throws -> String {
        // Beside the sources: the tests are built where they lie.
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let result = try await execute(
            root.appending(path: "Scripts/engine").path, [verb, folder], environment: ["ENGINE_OPTIONS": options])
        guard result.code == 0 else { throw ProgramFailure(command: "Scripts/engine \(verb)", output: result.errors) }
        return result.output.trimmingCharacters(in: .newlines)
    }
}
