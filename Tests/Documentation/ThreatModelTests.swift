import Foundation
import Testing

/// The table of attackers in docs/security.md promises something in each row, and names the tests that show it.
@Suite struct ThreatModelTests {
    private static let attackers = [
        "Pusher without a key", "Person without a role", "Requester", "Approver", "Local account", "API client", "The Git host",
        "Somebody inside an instance", "A lying engine", "A stolen Curfew key", "A forge that was taken over",
    ]
    private let rows: [[String]]
    private let sources: [String]

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/security.md"), encoding: .utf8)
        let section = text.components(separatedBy: "\n## Who attacks, and what holds\n").dropFirst().first ?? ""
        let lines = section.prefix { $0 != "#" }.split(separator: "\n").filter { $0.hasPrefix("|") }
        rows = lines.dropFirst(2).map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let tests = root.appending(path: "Tests")
        sources = try FileManager.default.subpathsOfDirectory(atPath: tests.path).filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOf: tests.appending(path: $0), encoding: .utf8) }
    }

    @Test func everyAttackerHasARow() {
        for attacker in Self.attackers { #expect(rows.contains { $0.first?.contains(attacker) ?? false }, "\(attacker)") }
    }

    @Test func everyRowNamesTestsThatThereAre() {
        for row in rows {
            #expect(row.count == 4 && row.allSatisfy { !$0.isEmpty }, "\(row)")
            let names = row.last?.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
            #expect(names?.isEmpty == false, "no test shows this: \(row)")
            for name in names ?? [] { #expect(isThere(name), "there is no test `\(name)` (\(row.first ?? ""))") }
        }
    }

    @Test func whatIsNotThereIsMissed() {
        #expect(isThere("ThreatModelTests") && isThere("ThreatModelTests.everyAttackerHasARow"))
        #expect(!isThere("ThreatModel" + "Test") && !isThere("ThreatModelTests.every" + "Attacker"))
    }

    /// `Suite`, or `Suite.test`.
    private func isThere(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        guard (1...2).contains(parts.count) else { return false }
        func declaring(_ kinds: String) -> [String] {
            sources.filter { $0.range(of: "\\b(\(kinds)) \(parts[0])\\b", options: .regularExpression) != nil }
        }
        guard declaring("struct|class|actor|enum").contains(where: { $0.contains("@Suite") }) else { return false }
        guard parts.count == 2 else { return true }
        return declaring("struct|class|actor|enum|extension").contains { $0.contains("func \(parts[1])(") }
    }
}
