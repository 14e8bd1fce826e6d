import CurfewDesiredState
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// The schema and the decoder are tested against each other: from the schema alone documents are made that it allows and
/// that it forbids, and the decoder has to agree with each.
@Suite struct SchemaTests {
    @Test func kinds() {
        #expect(
            Schema.kinds == ["Workload", "Person", "Team", "Role", "AccessPolicy", "ChangePolicy", "Grant", "Configuration"])
        #expect(Schema.json(for: "Nope") == nil)
    }

    @Test func workloadsAgree() throws {
        let samples = try SampleMaker(kind: "Workload").samples
        #expect(samples.count > 200)
        #expect(samples.contains { $0.valid } && samples.contains { !$0.valid })
        for sample in samples {
            // Probes and placeholders name ports; the schema cannot say so.
            var document = sample.document
            if var spec = document["spec"] as? [String: Any], spec["health"] != nil, spec["ports"] == nil {
                spec["ports"] = [["name": "local"]]
                document["spec"] = spec
            }
            // Only an image has a program of its own, and a volume is not in memory.
            if var spec = document["spec"] as? [String: Any] {
                if spec["command"] == nil, (spec["artifact"] as? [String: Any])?["image"] == nil { spec["command"] = ["true"] }
                if var mounts = spec["mounts"] as? [[String: Any]] {
                    for index in mounts.indices where mounts[index]["tmpfs"] != nil { mounts[index]["volume"] = nil }
                    spec["mounts"] = mounts
                }
                // What is kept warm needs an address, and a strategy that ends the old ones last.
                if var rollout = spec["rollout"] as? [String: Any] {
                    let isLast = ["rolling", "recreate"].contains(rollout["strategy"] as? String ?? "") == false
                    let isReached = ((spec["ports"] as? [[String: Any]]) ?? []).contains { $0["expose"] != nil }
                    if !isLast || !isReached, sample.valid { rollout["keepWarm"] = nil }
                    spec["rollout"] = rollout
                }
                document["spec"] = spec
            }
            let text = try String(
                decoding: JSONSerialization.data(withJSONObject: document, options: [.sortedKeys]), as: UTF8.self)
            var capabilities = RuntimeCapabilities(
                artifacts: [.tree, .url, .image, .none], limits: ["cpu", "memory", "pids"], volumes: true)
            (capabilities.containers, capabilities.secrets) = (true, true)
            (capabilities.placement, capabilities.resolvesTags) = (true, true)
            let loader = DesiredStateLoader(runtimes: [Name(literal: "local"): capabilities], permissions: .unknown)
            let tree = MemoryTree(["manifests/b/w.yaml": .file(Array(text.utf8)), "site/x": "x", "keys/a.age": "x"])
            let found = try loader.load(tree, revision: ObjectID(number: 1)).allDiagnostics.filter { $0.severity == .error }
            #expect(found.isEmpty == sample.valid, "\(sample.note): \(text)\n\(found)")
        }
    }

    @Test(arguments: ["Person", "Team", "Role", "AccessPolicy", "ChangePolicy", "Grant"]) func policiesAgree(_ kind: String)
        throws
    {
        let samples = try SampleMaker(kind: kind).samples
        #expect(samples.contains { $0.valid } && samples.contains { !$0.valid })
        // Whom the samples name; not the sample itself, which is called 'local'.
        var others = (1...16).map { index in
            "{ apiVersion: curfew/v1, kind: Person, metadata: { name: p\(index) }, spec: { emails: [p\(index)@example.net] } }"
        }
        others.append(
            "{ apiVersion: curfew/v1, kind: Person, metadata: { name: known }, spec: { emails: [known@example.net] } }")
        let crowd = (1...16).map { "p\($0)" }.joined(separator: ", ")
        others.append("{ apiVersion: curfew/v1, kind: Team, metadata: { name: known }, spec: { members: [\(crowd)] } }")
        if kind != "Role" {
            others.append(
                "{ apiVersion: curfew/v1, kind: Role, metadata: { name: local }, spec: { binds: [{ backend: local }] } }")
        }
        let loader = DesiredStateLoader(runtimes: [:], enforcesPolicies: true)
        for sample in samples {
            let document = Self.completed(sample.document, valid: sample.valid)
            let text = try String(
                decoding: JSONSerialization.data(withJSONObject: document, options: [.sortedKeys]), as: UTF8.self)
            let problems: [Diagnostic]
            if kind == "Grant" {
                let tree = MemoryTree(["grants/local.yaml": .file(Array(text.utf8))])
                problems = try loader.loadGrants(tree).broken.flatMap(\.diagnostics)
            } else {
                let tree = MemoryTree([
                    "policies/a.yaml": .file(Array(text.utf8)),
                    "policies/b.yaml": .file(Array(others.joined(separator: "\n---\n").utf8)),
                ])
                problems = try loader.loadPolicies(tree).diagnostics
            }
            #expect(problems.isEmpty == sample.valid, "\(sample.note): \(text)\n\(problems)")
        }
    }

    /// What the schema cannot say: that approvals need somebody who gives them, and that a freeze ends after it begins.
    private static func completed(_ document: [String: Any], valid: Bool) -> [String: Any] {
        guard valid, var spec = document["spec"] as? [String: Any] else { return document }
        if var approvals = spec["approvals"] as? [String: Any], approvals["count"] as? Int ?? 0 > 0 {
            approvals["from"] = ["team:known"]
            spec["approvals"] = approvals
        }
        if let freezes = spec["freezes"] as? [[String: Any]] {
            spec["freezes"] = freezes.map { freeze in freeze.merging(["to": "2030-01-01T00:00:00Z"]) { $1 } }
        }
        return document.merging(["spec": spec]) { $1 }
    }

    @Test func configurationsAgree() throws {
        let samples = try SampleMaker(kind: "Configuration").samples
        #expect(samples.count > 100)
        let scratch = try Scratch("schema")
        for sample in samples {
            // The schema cannot say that a mode of trust needs a key of the identity.
            var document = sample.document
            if sample.valid, (document["trust"] as? [String: Any])?["mode"] as? String != "none" {
                let identity = document["identity"] as? [String: Any] ?? [:]
                document["identity"] = identity.merging(["signingKey": "key"]) { first, _ in first }
            }
            // Nor that the least time is no longer than the longest.
            if sample.valid, let recordings = document["recordings"] as? [String: Any], let least = recordings["keepAtLeast"] {
                document["recordings"] = recordings.merging(["keepFor": least]) { $1 }
            }
            // Nor that a Unix socket has no TLS.
            if sample.valid, var api = document["api"] as? [String: Any], api["tls"] != nil {
                api["listen"] = "127.0.0.1:8420"
                document["api"] = api
            }
            let text = try String(
                decoding: JSONSerialization.data(withJSONObject: document, options: [.sortedKeys]), as: UTF8.self)
            let path = try scratch.write("curfew.yaml", text)
            var found = ""
            do { _ = try ServiceConfiguration.load(path: path) } catch { found = error.description }
            #expect(found.isEmpty == sample.valid, "\(sample.note): \(text)\n\(found)")
        }
    }
}
