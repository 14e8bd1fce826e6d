import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewAPI

/// The pages of the console, over HTTP.
@Suite struct ConsoleTests {
    private static let pages = ["/", "/timeline", "/access", "/journal", "/workloads/web", "/grants/alice-1", "/sign-in"]
    private static let grant = "alice-1-0123456789ab"

    /// A grant that was there from 11:59:00 to 12:01:00 on a day of 2027, and hostile words everywhere.
    private func fill(_ house: House) async throws {
        let noon = Instant(milliseconds: 1_800_014_400_000)
        func event(_ kind: String, _ offset: Int64, _ message: String, _ details: [String: String] = [:]) -> JournalEvent {
            JournalEvent(
                at: Instant(milliseconds: noon.milliseconds + offset * 1000), kind: kind, workload: Name("web"),
                revision: ObjectID(String(repeating: "a", count: 40)), message: message, details: details)
        }
        try await house.journal.append([
            event(
                "grant.given", -60, "<script>alert(1)</script>",
                [
                    "grant": Self.grant, "person": "alice", "role": "dba", "approvedBy": "bob, carol", "backends": "ssh",
                    "reason": "\"><svg onload=alert(1)>",
                    "until": Instant(milliseconds: noon.milliseconds + 3_600_000).timestamp,
                ]),
            event(
                "session.started", -50, "in", ["recording": "r-1", "grant": "alice-1", "person": "alice", "workload": "web"]),
            event("session.ended", -40, "out", ["recording": "r-1", "grant": "alice-1", "why": "exited", "sha256": "00"]),
            event(
                "grant.ended", 60, "gone",
                ["grant": Self.grant, "person": "alice", "role": "dba", "evidence": "</pre><script>"]),
            event("rollout.failed", 61, "\u{1B}[31m\"' onmouseover='x"),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func nothingFromARepositoryBecomesMarkup() async throws {
        let house = try House("console")
        try await fill(house)
        try await house.run { port in
            for page in Self.pages {
                let answer = try await ask("http://127.0.0.1:\(port)\(page)")
                #expect(answer.code == 200, "\(page): \(answer)")
                let policy = answer.headers["content-security-policy"] ?? ""
                #expect(
                    policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("unsafe"))
                #expect(answer.headers["x-frame-options"] == "DENY")
                for hostile in ["<script>", "<img", "<svg onload", "<b>mallory", "\u{1B}", " onclick='x", "\"\u{338} onmouse"] {
                    #expect(!answer.body.contains(hostile), "\(page) has \(hostile)")
                }
                // No inline script, style or handler of our own either.
                #expect(answer.body.range(of: "<script(?! src=\"/assets/)", options: .regularExpression) == nil)
                #expect(answer.body.range(of: "<[^>]* (style|on[a-z]+)=", options: .regularExpression) == nil, "\(page)")
                #expect(!answer.body.contains("{{"))
            }
            #expect(try await ask("http://127.0.0.1:\(port)/").body.contains("&lt;b&gt;mallory"))
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoHadAccessAtThatMomentAndByWhoseApproval() async throws {
        let house = try House("console")
        try await fill(house)
        try await house.run { port in
            let noon = Instant(milliseconds: 1_800_014_400_000).timestamp.prefix(16)
            let there = try await ask("http://127.0.0.1:\(port)/access?at=\(noon.replacingOccurrences(of: ":", with: "%3A"))")
            let panel = try #require(
                there.body.components(separatedBy: "id=\"moment\"").last?.components(separatedBy: "</section>").first)
            #expect(panel.contains("alice") && panel.contains("dba") && panel.contains("bob and carol"), "\(panel)")
            // Two minutes later it was gone, before its planned end.
            let later = Instant(milliseconds: 1_800_014_400_000 + 120_000).timestamp.prefix(16)
            let gone = try await ask("http://127.0.0.1:\(port)/access?at=\(later)")
            #expect(gone.code == 200 && gone.body.contains("Nobody"))
            let before = try await ask("http://127.0.0.1:\(port)/access?at=2020-01-01T00:00")
            #expect(before.body.contains("as far as this journal tells"))
            for bad in ["x", "2026-13-01T00:00", "2026-11-23T25:00", "%00"] {
                #expect(try await ask("http://127.0.0.1:\(port)/access?at=\(bad)").code == 400)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func theJournalIsSearchedAndExported() async throws {
        let house = try House("console")
        try await fill(house)
        try await house.journal.append(
            (1...1200).map {
                JournalEvent(at: Instant(milliseconds: 1_800_000_000_000), kind: "noise.made", message: "noise \($0)")
            })
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let found = try await ask("\(base)/journal?text=noise+77&kind=noise&workload=&since=&until=")
            #expect(found.body.contains("noise 77<") && !found.body.contains("noise 76<"))
            #expect(found.body.contains("The hash chain is whole: 1205 events"))
            let first = try await ask("\(base)/journal")
            #expect(first.body.contains("noise 1200<") && first.body.contains("/journal?before="))
            let lines = try await ask("\(base)/journal/export").body.split(separator: "\n")
            #expect(lines.count == 1205 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
            #expect(try await ask("\(base)/journal/export?kind=grant").body.split(separator: "\n").count == 2)
            #expect(try await ask("\(base)/journal?unknown=1").code == 400)
            #expect(try await ask("\(base)/journal?since=yesterday").code == 400)
        }
    }

    @Test(.timeLimit(.minutes(1))) func pagesAreSmallAndFresh() async throws {
        let house = try House("console")
        try await house.run { port in
            let page = "http://127.0.0.1:\(port)/workloads/web"
            let plain = try await ask(page)
            let tag = try #require(plain.headers["etag"])
            #expect(try await ask(page, "-H", "If-None-Match: \(tag)").code == 304)
            house.host.set { $0.workloads[0].message = "something else" }
            #expect(try await ask(page, "-H", "If-None-Match: \(tag)").code == 200)
            let packed = try await ask(page, "--compressed")
            #expect(packed.headers["content-encoding"] == "gzip" && packed.body.contains("</html>"))
            #expect(try await ask(page, "-H", "Accept-Encoding: gzip;q=0").headers["content-encoding"] == nil)
            for asset in ["console.css", "console.js", "player.js", "icon.svg"] {
                let answer = try await ask("http://127.0.0.1:\(port)/assets/\(asset)?v=1")
                #expect(answer.code == 200 && answer.headers["cache-control"]?.contains("immutable") ?? false)
            }
            for missing in ["/workloads/none", "/grants/none", "/workloads/..%2f", "/assets/../x", "/nothing"] {
                let answer = try await ask("http://127.0.0.1:\(port)\(missing)", "-H", "Accept: text/html")
                #expect(answer.code == 404 && answer.body.contains("</html>"), "\(missing): \(answer.code)")
            }
        }
    }
}
