import Foundation
import Glibc
import Synchronization

/// An Alertmanager of its own on the loopback address.
public final class AlertmanagerHost: Sendable {
    /// `http://127.0.0.1:9093`.
    public let url: String
    private let folder: String
    private let server: pid_t

    /// Starts it, on that port or on a free one; it answers a moment later.
    public init(port: Int? = nil) throws {
        url = "http://127.0.0.1:\(try port ?? freePort())"
        folder = "/tmp/curfew-alertmanager-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "route: { receiver: none }\nreceivers: [{ name: none }]\n".write(
            toFile: folder + "/config.yml", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/prometheus-alertmanager")
        process.arguments = [
            "--config.file=\(folder)/config.yml", "--storage.path=\(folder)/data", "--cluster.listen-address=",
            "--web.listen-address=\(url.dropFirst(7))",
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        server = process.processIdentifier
    }

    /// What it has, as `alertname id severity`, in order.
    public func alerts() async throws -> [String] {
        let result = try await execute("curl", ["-fsS", "-m", "2", url + "/api/v2/alerts?active=true"])
        guard let list = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]] else { return [] }
        return list.compactMap { $0["labels"] as? [String: String] }.map { labels in
            ["alertname", "id", "severity"].map { labels[$0] ?? "" }.joined(separator: " ")
        }.sorted()
    }

    /// Ends it for good.
    public func stop() {
        kill(server, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }
}
