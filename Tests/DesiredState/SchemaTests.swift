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
            let text = try String(
                decoding: JSONSerialization.data(withJSONObject: document, options: [.sortedKeys]), as: UTF8.self)
            let capabilities = RuntimeCapabilities(
                artifacts: [.tree, .url, .image, .none], limits: ["cpu", "memory", "pids"], volumes: true)
            let loader = DesiredStateLoader(runtimes: [Name(literal: "local"): capabilities])
            let tree = MemoryTree(["manifests/b/w.yaml": .file(Array(text.utf8)), "site/x": "x"])
            let found = try loader.load(tree, revision: ObjectID(number: 1)).allDiagnostics
            #expect(found.isEmpty == sample.valid, "\(sample.note): \(text)\n\(found)")
        }
    }

    @Test(arguments: ["Person", "Team", "Role", "AccessPolicy", "ChangePolicy", "Grant"]) func policiesAgree(_ kind: String)
        throws
    {
        let samples = try SampleMaker(kind: kind).samples
        #expect(samples.contains { $0.valid } && samples.contains { !$0.valid })
        let others = """
            { apiVersion: curfew/v1, kind: Person, metadata: { name: known }, spec: { emails: [known@example.org] } }
            ---
            { apiVersion: curfew/v1, kind: Team, metadata: { name: known }, spec: { members: [known] } }
            ---
            { apiVersion: curfew/v1, kind: Role, metadata: { name: known }, spec: { binds: [{ backend: local }] } }
            """
        for sample in samples {
            var document = sample.document
            // What the schema cannot say: whom names name, that a quorum can be had, and that a window has a length.
            if document["metadata"] != nil { document["metadata"] = ["name": "local"] }
            if kind == "Team", sample.valid, var spec = document["spec"] as? [String: Any],
                (spec["members"] as? [Any])?.count == 1
            {
                spec["members"] = ["known"]
                document["spec"] = spec
            }
            if sample.note.contains("metadata") { document = sample.document }
            var text = try String(
                decoding: JSONSerialization.data(withJSONObject: document, options: [.sortedKeys]), as: UTF8.self)
            text = text.replacing("\"team:local\"", with: "\"team:known\"")
            let loader = DesiredStateLoader(runtimes: [:], enforcesPolicies: true)
            let problems: [String]
            if kind == "Grant" {
                let tree = MemoryTree(["grants/local.yaml": .file(Array(text.utf8))])
                problems = try loader.loadGrants(tree).broken.flatMap(\.diagnostics).map(\.description)
            } else {
                let tree = MemoryTree([
                    "policies/a.yaml": .file(Array(text.utf8)), "policies/b.yaml": .file(Array(others.utf8)),
                ])
                problems = try loader.loadPolicies(tree).diagnostics.map(\.description).filter {
                    !$0.contains("there is no ") && !$0.contains("contain each other") && !$0.contains("nobody could ever")
                        && !$0.contains("approvals needs 'from'") && !$0.contains("share the address")
                        && !$0.contains("begin before it ends")
                }
            }
            if sample.note.contains("metadata") { continue }
            #expect(problems.isEmpty == sample.valid, "\(sample.note): \(text)\n\(problems)")
        }
    }

    @Test func configurationsAgree() throws {
        let samples = try SampleMaker(kind: "Configuration").samples
        #expect(samples.count > 100)
        let scratch = try Scratch("schema")
        for sample in samples {
            let text = try String(
                decoding: JSONSerialization.data(withJSONObject: sample.document, options: [.sortedKeys]), as: UTF8.self)
            let path = try scratch.write("curfew.yaml", text)
            var found = ""
            do { _ = try ServiceConfiguration.load(path: path) } catch { found = error.description }
            #expect(found.isEmpty == sample.valid, "\(sample.note): \(text)\n\(found)")
        }
    }
}
