import CurfewDesiredState
import CurfewModel
import Testing

enum Fixture {
    static let local = Name(literal: "local")
    static let capabilities = RuntimeCapabilities(
        artifacts: [.tree, .url, .none], limits: ["memory", "pids"],
        missingLimits: ["cpu": "runtime local cannot limit cpu here: the cgroup controller is missing"], volumes: true)

    static func loader(_ limits: LoadLimits = .init()) -> DesiredStateLoader {
        DesiredStateLoader(limits: limits, runtimes: [local: capabilities])
    }

    /// A workload's document; `more` are lines of spec, already indented by two.
    static func workload(_ name: String, _ more: String = "", command: String = "[sleep, \"1\"]") -> String {
        """
        apiVersion: curfew/v1
        kind: Workload
        metadata: { name: \(name) }
        spec:
          runtime: local
          command: \(command)
        \(more)
        """
    }

    static func load(_ items: [String: MemoryTree.Item], revision: Int = 1, limits: LoadLimits = .init()) throws
        -> LoadedRevision
    {
        try loader(limits).load(MemoryTree(items), revision: ObjectID(number: revision))
    }

    /// Loads one file as `manifests/b/w.yaml`; returns its diagnostics.
    static func diagnostics(_ text: String, limits: LoadLimits = .init()) throws -> [Diagnostic] {
        try load(["manifests/b/w.yaml": .file(Array(text.utf8)), "site/index.html": "x"], limits: limits).allDiagnostics
    }

    /// Loads a workload whose spec has these lines too and returns it; fails the test on a diagnostic.
    static func workload(spec more: String) throws -> DesiredWorkload {
        let loaded = try load(["manifests/b/w.yaml": .file(Array(workload("w", more).utf8)), "site/index.html": "x"])
        #expect(loaded.allDiagnostics.isEmpty, "\(loaded.allDiagnostics)")
        return try #require(loaded.bundles[Name(literal: "b")]?.workloads.first).desired
    }
}
