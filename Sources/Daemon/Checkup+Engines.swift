import CurfewDesiredState
import CurfewDockerAPI
import CurfewModel
import Foundation

/// What a container engine needs to have for us.
extension Checkup {
    static func engine(
        _ runtime: ServiceConfiguration.RuntimeConfiguration, _ configuration: ServiceConfiguration
    ) async -> [Check] {
        var checks: [Check] = []
        for endpoint in Composition.endpoints(of: runtime.engine) {
            checks += await engine(at: endpoint, "runtime \(runtime.name)")
        }
        if let base = runtime.engine.base, let first = Composition.endpoints(of: runtime.engine).first,
            let client = try? DockerClient(endpoint: first)
        {
            if (try? await client.image(base)) == nil {
                checks.append(
                    Check(
                        subject: "runtime \(runtime.name)", result: base.hasPrefix("sha256:") ? .missing : .limited,
                        detail: "the engine has no image \(base), its 'base'"
                            + (base.hasPrefix("sha256:") ? "; an id cannot be pulled" : " yet; it is pulled when it is needed"))
                )
            }
            await client.shutdown()
        }
        return checks
    }

    private static func engine(at endpoint: DockerEndpoint, _ subject: String) async -> [Check] {
        do {
            let client = try DockerClient(endpoint: endpoint, timeout: .seconds(5))
            let found: EngineInfo
            do { found = try await client.info() } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
            let limits = [
                ("memory", found.MemoryLimit), ("cpu", found.CpuCfsQuota), ("pids", found.PidsLimit),
            ].filter { $0.1 == false }.map(\.0)
            let version = (found.ServerVersion ?? "of unknown version").prefix(64).description.escapingControls
            var checks = [Check(subject: subject, result: .good, detail: "\(endpoint) answers: Docker Engine \(version)")]
            if !limits.isEmpty {
                checks.append(
                    Check(
                        subject: subject, result: .limited,
                        detail: "the kernel of \(endpoint) cannot hold limits of \(limits.joined(separator: ", "))"))
            }
            if endpoint.isLocal, !mayRaiseLimits {
                checks.append(
                    Check(
                        subject: subject, result: .limited,
                        detail: "this machine may not raise limits (CAP_SYS_RESOURCE is missing): a container that wants a "
                            + "negative oom_score_adj or higher limits does not start"))
            }
            return checks
        } catch {
            return [
                Check(
                    subject: subject, result: .missing,
                    detail: "\(error); install an engine with: apt-get install docker.io, or name one that runs in 'endpoints'")
            ]
        }
    }

    /// Whether this process has CAP_SYS_RESOURCE.
    private static var mayRaiseLimits: Bool {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
            let set = UInt64(line.dropFirst(7).trimmingPrefix(while: \.isWhitespace), radix: 16)
        else { return true }
        return set & (1 << 24) != 0
    }
}
