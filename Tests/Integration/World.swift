import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc

/// One remote, one work tree, one state folder and one daemon, all real, all gone afterwards.
final class World: Sendable {
    let scratch: Scratch
    let program: String
    let port: Int
    /// Where workloads run unless they say otherwise.
    let runtime: String
    var remote: String { scratch.file("remote.git") }
    var work: String { scratch.file("work") }
    var state: StateFolder { StateFolder(path: scratch.file("state")) }
    var configuration: String { scratch.file("curfew.yaml") }

    /// - Parameters:
    ///   - engine: a Docker engine on which workloads run, as the runtime `docker`.
    ///   - managers: managers of a swarm on which workloads run, as the runtime `swarm`.
    init(
        _ label: String, url: String? = nil, extra: String = "", engine: EngineHost? = nil, managers: [String] = []
    ) async throws {
        runtime = engine != nil ? "docker" : managers.isEmpty ? "local" : "swarm"
        scratch = try Scratch(label)
        chmod(scratch.path, 0o711)
        program = try curfewExecutable()
        port = try freePort()
        try await git("init", "-q", "--bare", "-b", "main", "remote.git", in: scratch.path)
        try await git("init", "-q", "-b", "main", "work", in: scratch.path)
        try await git("remote", "add", "origin", remote, in: work)
        let first = 20000 + Int(getpid()) % 97 * 100 + Int.random(in: 0..<100) * 90
        try scratch.write(
            "curfew.yaml",
            """
            apiVersion: curfew/v1
            kind: Configuration
            repository: { url: "\(url ?? "file://" + remote)", branch: main, interval: 1s, timeout: 10s }
            state: state
            observe: { interval: 1s }
            trust: { mode: none }
            runtimes:
              local: { type: local, ports: \(first)-\(first + 89) }
              \(engine.map { "docker: { type: docker, endpoints: [\"\($0.endpoint)\"], base: \"\($0.image)\", resolveTags: true }" } ?? "")
              \(managers.isEmpty ? "" : "swarm: { type: swarm, endpoints: [\(managers.joined(separator: ", "))] }")
            \(extra)
            """)
    }

    /// A workload that serves one page.
    func site(
        _ name: String = "web", page: String = "one", replicas: Int = 1, port: Int? = nil, extra: String = "",
        bundle: String? = nil, runtime: String? = nil
    ) throws {
        let folder = "work/manifests/\(bundle ?? name)"
        try scratch.write("\(folder)/\(name)-site/index.html", page)
        try scratch.write(
            "\(folder)/\(name).yaml",
            """
            apiVersion: curfew/v1
            kind: Workload
            metadata: { name: \(name) }
            spec:
              runtime: \(runtime ?? self.runtime)
              replicas: \(replicas)
              artifact: { path: manifests/\(bundle ?? name)/\(name)-site }
              command: [busybox, httpd, -f, -p, "$(HOST):$(PORT)", -h, .]
              ports: [{ name: http\(port.map { ", expose: \($0)" } ?? "") }]
              health: { http: { port: http, path: / }, interval: 500ms, timeout: 1s, startup: 5s }
              rollout: { deadline: 10s, drain: 1s, onFailure: revert }
            \(extra)
            """)
    }

    /// Commits all and pushes; returns the commit.
    @discardableResult
    func push(_ message: String) async throws -> String {
        try await git("add", "-A", in: work)
        try await git("commit", "-q", "--allow-empty", "-m", message, in: work)
        try await git("push", "-q", "origin", "HEAD:main", in: work)
        return try await git("rev-parse", "HEAD", in: work)
    }

    /// One command of the program on this world's configuration.
    func curfew(_ arguments: String...) async throws -> ProgramResult {
        try await execute(program, [arguments[0], "--config", configuration] + arguments.dropFirst())
    }

    var status: Status? { Status.read(state) }

    /// Waits until everything is converged at a revision.
    func converged(at revision: String? = nil, within limit: Duration = .seconds(20)) async -> Bool {
        await eventually(within: limit) {
            guard let status else { return false }
            return status.state == .converged && status.revision?.hex.hasPrefix(revision ?? "") ?? false
        }
    }

    /// What the stable address answers, `nil` when it does not answer with 200.
    func page(_ port: Int? = nil) async -> String? {
        let result = try? await execute("curl", ["-fsS", "-m", "5", "http://127.0.0.1:\(port ?? self.port)/"])
        return result?.code == 0 ? result?.output.trimmingCharacters(in: .newlines) : nil
    }

    /// Ids of the instances of a workload.
    func instances(_ workload: String = "web") -> [String] {
        status?.workloads.first { $0.name.rawValue == workload }?.instances.map(\.id.rawValue) ?? []
    }

    /// Kills the process of every instance of a workload with -9.
    func killInstances(_ workload: String = "web") async throws {
        for instance in status?.workloads.first(where: { $0.name.rawValue == workload })?.instances ?? [] {
            for endpoint in instance.endpoints.values {
                _ = try await execute("pkill", ["-9", "-f", "httpd -f -p \(endpoint)"])
            }
        }
    }

    /// Runs `body` beside a daemon; whatever happens, nothing is left running.
    func withDaemon(environment: [String: String] = [:], _ body: (Daemon) async throws -> Void) async throws {
        let daemon = Daemon(world: self, environment: environment)
        do {
            try daemon.start()
            try await body(daemon)
        } catch {
            daemon.stop(SIGTERM)
            try? await tearDown()
            throw error
        }
        daemon.stop(SIGTERM)
        try await tearDown()
    }

    func tearDown() async throws {
        _ = await eventually { StateLock.owner(of: state) == nil }
        _ = try await curfew("teardown", "--yes")
        _ = try await execute("chmod", ["-R", "u+w", scratch.path])
    }
}
