/// The manifests that are measured: realistic workloads, a hundred to a bundle, the same every time.
public struct WorkloadFiles: Sendable {
    /// Workloads in each bundle.
    public static let bundleSize = 100

    /// How many workloads, 1 to 40,000 (each has a port of its own, from 20,000 on).
    public var count: Int

    /// Makes a set of `count` workloads.
    public init(count: Int) { self.count = min(max(count, 1), 40_000) }

    /// The bundles, as folder names below `manifests/`.
    public var bundles: [String] { (0...(count - 1) / Self.bundleSize).map { Self.padded("b", $0, 3) } }

    /// The workloads of a bundle.
    public func workloads(ofBundle bundle: Int) -> Range<Int> {
        bundle * Self.bundleSize..<min((bundle + 1) * Self.bundleSize, count)
    }

    /// A workload's file name.
    public func fileName(_ number: Int) -> String { name(number) + ".yaml" }

    /// A workload's file; another `version` is another generation.
    public func text(_ number: Int, version: Int = 1) -> String {
        let dependency = number % 10 == 9 ? "\n  dependsOn: [\(name(number - 1))]" : ""
        return """
            # Service \(number): made by the benchmark's generator.
            apiVersion: curfew/v1
            kind: Workload
            metadata:
              name: \(name(number))
              labels: { tier: \(number % 3 == 0 ? "edge" : "core"), team: team-\(number % 17) }
            spec:
              runtime: local
              replicas: \(1 + number % 3)
              command: [busybox, httpd, -f, -p, "127.0.0.1:$(PORT)", -h, /srv]
              env:
                VERSION: "\(version)"
                LOG_LEVEL: info
                DATABASE: "postgres://db-\(number % 40).internal:5432/orders"
                GREETING: "hello from \(number)"
              ports:
                - { name: http, expose: \(20_000 + number) }
              resources: { cpu: 500m, memory: 128Mi }
              health:
                http: { port: http, path: /healthz }
                interval: 2s
                timeout: 1s
                startup: 20s
                failures: 3
              rollout: { strategy: blueGreen, deadline: 60s, drain: 10s, onFailure: revert }\(dependency)

            """
    }

    private func name(_ number: Int) -> String { Self.padded("w", number, 5) }

    private static func padded(_ prefix: String, _ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return "\(prefix)-\(String(repeating: "0", count: max(0, width - digits.count)))\(digits)"
    }
}
