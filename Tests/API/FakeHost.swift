import CurfewAPI
import CurfewModel
import CurfewViews
import Synchronization

/// A service behind the API that remembers what it was asked for.
final class FakeHost: APIHost {
    private let asked = Mutex<[String]>([])
    private let current: Mutex<StatusView>
    private let isReady = Mutex(true)
    /// How long an answer takes.
    let delay: Duration

    init(delay: Duration = .zero) {
        self.delay = delay
        current = Mutex(Self.sample)
    }

    var wishes: [String] { asked.withLock { $0 } }
    func set(ready: Bool) { isReady.withLock { $0 = ready } }
    private func ask(_ wish: String) { asked.withLock { $0.append(wish) } }

    func status() async -> StatusView {
        if delay > .zero { try? await Task.sleep(for: delay) }
        return current.withLock { $0 }
    }

    func plan() async -> PlanView {
        PlanView(
            revision: "a",
            steps: [
                .init(
                    kind: "repair", workload: "web", from: ["b"], to: "c", drift: ["exited"], waitsFor: ["db"], explanation: "e"
                )
            ],
            holds: [.init(workload: "db", reason: "pruneGuard", explanation: "e", until: "2026-11-24T00:00:00Z")])
    }

    func health() async -> HealthView {
        let ready = isReady.withLock { $0 }
        return HealthView(ready: ready, secondsSinceTick: 0.5, journalWritable: ready, problems: ready ? [] : ["x"])
    }

    func metrics() async -> String { "# HELP up Up.\n# TYPE up gauge\nup 1\n" }

    func logs(of workload: Name, lines: Int) async throws -> [LogLine]? {
        guard workload.rawValue == "web" else { return nil }
        return (1...lines).map { LogLine(instance: "web-1", text: "line \($0) \u{1B}[31m<script>") }
    }

    func commits(limit: Int) async throws -> [CommitView] {
        [
            CommitView(
                id: String(repeating: "a", count: 40), author: "\"><img src=x onerror=alert(1)>", at: "2026-11-24T00:00:00Z",
                summary: "<script>alert(2)</script> \u{1B}]0;x\u{07}", isOurs: false)
        ]
    }

    func recording(_ id: String) async throws -> [UInt8]? {
        guard id == "r-1" else { return nil }
        return Array("{\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"o\",\"\\u001b[31m<script>x\\r\\n\"]\n".utf8)
    }

    func set(_ change: (inout StatusView) -> Void) { current.withLock { change(&$0) } }

    func pause(by: String) async throws { ask("pause by \(by)") }
    func resume(by: String) async throws { ask("resume by \(by)") }
    func sync() async { ask("sync") }
    func retry() async { ask("retry") }
    func answered(_ route: String, _ method: String, _ code: Int) async {}
    func note(_ kind: String, _ message: String, _ details: [String: String]) async { ask("\(kind): \(message)") }

    static let sample = StatusView(
        version: "1", at: "2026-11-24T00:00:00Z", state: "held", revision: "a", verified: true, trust: "signed",
        paused: "<script>alert(1)</script> & co",
        source: .init(
            url: "https://g", branch: "main", tip: "f00", lastFetch: "2026-11-24T00:00:00Z", problem: "p",
            failingSince: "2026-11-24T00:00:00Z", held: "not signed"),
        workloads: [
            WorkloadView(
                name: "web", runtime: "local", generation: "c", desired: 1, ready: 0, address: "127.0.0.1:1", state: "failed",
                message: "</script><script>", revision: "a", pinned: false,
                instances: [
                    InstanceView(
                        id: "web-1", generation: "c", state: "running", health: "healthy", endpoints: ["http": "h:1"],
                        place: "node1")
                ], change: ChangeView(commit: "c0", author: "<b>mallory</b>", summary: "' onclick='x"),
                traffic: [TrafficView(generation: "c", percent: 10), TrafficView(generation: "b", percent: 90)])
        ],
        heldBundles: [.init(bundle: "b", lastGood: nil, diagnostics: ["f:1:1: error: x"])], diagnostics: ["d"],
        problems: ["p"], pendingReverts: ["r"],
        grants: [
            GrantView(
                name: "alice-1", blob: "b", person: "alice", role: "debug", state: "refused", start: "2026-11-24T00:00:00Z",
                end: "2026-11-24T01:00:00Z", reasons: ["nobody approved"], approvedBy: ["bob"], backends: ["ssh"],
                reason: "\"\u{338} onmouseover=alert(1) x=\"", touches: ["web"], selfEnding: ["ssh"])
        ])
}
