@testable import CurfewDesiredState
import CurfewModel

/// YAML and the decoders of every kind, from the bytes of a file to values and diagnostics.
enum ManifestsTarget {
    private static let capabilities: RuntimeCapabilities = {
        var all = RuntimeCapabilities(
            artifacts: Set(RuntimeCapabilities.ArtifactKind.allCases), limits: ["cpu", "memory", "pids"], volumes: true)
        (all.containers, all.secrets, all.placement, all.resolvesTags) = (true, true, true, true)
        return all
    }()
    private static let runtimes: [Name: RuntimeCapabilities] = [
        Name(literal: "local"): RuntimeCapabilities(
            artifacts: [.tree, .url, .none], limits: ["memory"], missingLimits: ["cpu": "no"], volumes: true),
        Name(literal: "docker"): capabilities,
    ]

    /// A new one for each input: what it remembers of others would hide what this one does.
    private static func loader() -> DesiredStateLoader { DesiredStateLoader(runtimes: runtimes, backends: nil) }

    @Sendable static func workloads(_ bytes: UnsafeRawBufferPointer) {
        guard let loaded = try? loader().load(OneFileTree(.manifests, bytes), revision: OneFileTree.id(9)) else {
            fatalError("a file of the repository made loading throw")
        }
        check(loaded.allDiagnostics)
        for workload in loaded.bundles.values.flatMap(\.workloads) {
            // What was read can be written and is the same then.
            guard let text = WorkloadManifest.text(of: workload.desired.workload) else { continue }
            expect(text.utf8.count < 64 << 20, "a workload grew to \(text.utf8.count) bytes")
        }
    }

    @Sendable static func policies(_ bytes: UnsafeRawBufferPointer) {
        guard let loaded = try? loader().loadPolicies(OneFileTree(.policies, bytes)) else {
            fatalError("a file of the repository made loading throw")
        }
        check(loaded.diagnostics)
    }

    @Sendable static func grants(_ bytes: UnsafeRawBufferPointer) {
        guard let loaded = try? loader().loadGrants(OneFileTree(.grants, bytes)) else {
            fatalError("a file of the repository made loading throw")
        }
        expect(loaded.files.count + loaded.broken.count <= 1, "one file is two grants")
        for broken in loaded.broken { check(broken.diagnostics) }
        for file in loaded.files { expect(file.grant.name.rawValue == "night-shift", "a grant of another name") }
    }

    @Sendable static func configuration(_ bytes: UnsafeRawBufferPointer) {
        do {
            _ = try ServiceConfiguration.parse(Array(bytes)[...], name: "curfew.yaml", folder: "/etc/curfew")
        } catch { check(error.diagnostics) }
    }

    /// Bounded, in the file, and on one line each.
    private static func check(_ diagnostics: [Diagnostic]) {
        expect(diagnostics.count <= 2000, "\(diagnostics.count) diagnostics")
        for diagnostic in diagnostics {
            expect(diagnostic.line >= 0 && diagnostic.column >= 0, "a diagnostic outside of its file")
            expect(!diagnostic.description.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a diagnostic with a control character")
        }
    }
}
