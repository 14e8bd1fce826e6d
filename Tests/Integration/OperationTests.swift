import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewDaemon

/// The alert rules and the dashboard ask for metrics that there are.
@Suite struct OperationTests {
    private var folder: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/operations").path
    }

    /// Names of metrics in a text, without what histograms put behind them.
    private func names(in text: String) throws -> Set<String> {
        let pattern = try Regex("curfew_[a-z_]+")
        return Set(
            text.matches(of: pattern).map { match in
                let name = String(text[match.range])
                let suffix = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) } ?? ""
                return String(name.dropLast(suffix.count))
            })
    }

    @Test(arguments: ["curfew.rules.yml", "grafana.json"]) func onlyMetricsThatThereAre(_ file: String) throws {
        let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
        let known = Set(MetricNames.all.map(\.name))
        let used = try names(in: text)
        #expect(used.count >= 8)
        #expect(used.isSubset(of: known), "\(used.subtracting(known))")
    }

    @Test func theDashboardIsJSON() throws {
        let data = try Data(contentsOf: URL(filePath: "\(folder)/grafana.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((dashboard["panels"] as? [Any])?.count ?? 0 >= 10)
    }

    @Test func theRulesPassPromtool() async throws {
        guard access("/usr/bin/promtool", X_OK) == 0 else { return print("promtool is not installed: not checked") }
        let checked = try await execute("promtool", ["check", "rules", "\(folder)/curfew.rules.yml"])
        #expect(checked.code == 0, "\(checked.output)\(checked.errors)")
        let text = try String(contentsOfFile: "\(folder)/curfew.rules.yml", encoding: .utf8)
        let alerts = text.components(separatedBy: "- alert: ").dropFirst()
        for alert in alerts { #expect(alert.contains("summary:") && alert.contains("description:"), "\(alert.prefix(40))") }
        for name in [
            "GitUnreachable", "RevocationLate", "LoopStalled", "WorkloadNotConverged", "UnauthorisedEntry", "RefusedAttempts",
            "JournalNotWritable",
        ] { #expect(alerts.contains { $0.hasPrefix("Curfew\(name)\n") }) }
    }

    /// Whoever is woken by an alert finds its section, with something to do in it.
    @Test func everyAlertHasItsSection() throws {
        let rules = try String(contentsOfFile: "\(folder)/curfew.rules.yml", encoding: .utf8)
        let sections = try String(contentsOfFile: "\(folder)/alerts.md", encoding: .utf8).components(separatedBy: "\n## ")
            .dropFirst()
        let alerts = rules.components(separatedBy: "- alert: ").dropFirst().map { $0.prefix { $0 != "\n" } }
        #expect(alerts.count >= 10 && alerts.map(String.init) == sections.map { String($0.prefix { $0 != "\n" }) })
        for alert in alerts { #expect(rules.contains("runbook: \"docs/operations/alerts.md#\(alert.lowercased())\"")) }
        for section in sections { #expect(section.contains("\n1. "), "\(section.prefix(40))") }
    }

    @Test func everyMetricIsWellNamed() async throws {
        for metric in MetricNames.all {
            switch metric.kind {
            case .counter: #expect(metric.name.hasSuffix("_total"))
            case .gauge: #expect(!metric.name.hasSuffix("_total"))
            case .histogram(let bounds): #expect(metric.name.hasSuffix("_seconds") && bounds == bounds.sorted())
            }
        }
        #expect(Set(MetricNames.all.map(\.name)).count == MetricNames.all.count)
    }
}
