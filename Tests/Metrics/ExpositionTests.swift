import CoreMetrics
import CurfewMetrics
import CurfewTestSupport
import Foundation
import Testing

@Suite struct ExpositionTests {
    private static let definitions = [
        MetricDefinition("t_requests_total", .counter, labels: ["reason"], "Requests.\nBy reason, with a \\."),
        MetricDefinition("t_live", .gauge, "Live now."),
        MetricDefinition("t_wait_seconds", .histogram([0.1, 1, 10]), labels: ["stage"], "Waiting."),
    ]

    @Test func valuesAreWrittenAsPrometheusReadsThem() {
        let registry = MetricsRegistry(Self.definitions)
        Counter(label: "t_requests_total", dimensions: [("reason", "a\"b\\c\nd")], factory: registry).increment(by: 3)
        Meter(label: "t_live", factory: registry).set(2.5)
        let recorder = Recorder(label: "t_wait_seconds", dimensions: [("stage", "load")], factory: registry)
        for value in [0.05, 0.1, 0.5, 100, .nan, .infinity] { recorder.record(value) }
        Timer(label: "t_wait_seconds", dimensions: [("stage", "load")], factory: registry).recordMilliseconds(2000)
        #expect(
            registry.exposition() == """
                # HELP t_requests_total Requests.\\nBy reason, with a \\\\.
                # TYPE t_requests_total counter
                t_requests_total{reason="a\\"b\\\\c\\nd"} 3
                # HELP t_live Live now.
                # TYPE t_live gauge
                t_live 2.5
                # HELP t_wait_seconds Waiting.
                # TYPE t_wait_seconds histogram
                t_wait_seconds_bucket{stage="load",le="0.1"} 2
                t_wait_seconds_bucket{stage="load",le="1"} 3
                t_wait_seconds_bucket{stage="load",le="10"} 4
                t_wait_seconds_bucket{stage="load",le="+Inf"} 5
                t_wait_seconds_sum{stage="load"} 102.65
                t_wait_seconds_count{stage="load"} 5

                """)
    }

    @Test func whatIsNotDefinedGoesNowhere() {
        let registry = MetricsRegistry(Self.definitions)
        Counter(label: "made_up_total", factory: registry).increment()
        Counter(label: "t_requests_total", factory: registry).increment()
        Counter(label: "t_requests_total", dimensions: [("other", "x")], factory: registry).increment()
        Meter(label: "t_requests_total", dimensions: [("reason", "x")], factory: registry).set(7)
        Recorder(label: "t_live", factory: registry).record(1)
        #expect(!registry.exposition().contains("made_up") && !registry.exposition().contains("other"))
        #expect(registry.exposition().contains("reason=\"x\"} 0"))
    }

    @Test func labelsAreBounded() {
        let registry = MetricsRegistry(Self.definitions)
        for number in 0..<10_000 {
            Counter(label: "t_requests_total", dimensions: [("reason", "r\(number)")], factory: registry).increment()
        }
        let lines = registry.exposition().split(separator: "\n").filter { $0.hasPrefix("t_requests_total{") }
        #expect(lines.count == MetricsRegistry.mostSeries)
        #expect(lines.contains("t_requests_total{reason=\"other\"} \(10_000 - MetricsRegistry.mostSeries + 1)"))
    }

    @Test func countersNeverGoBackOrOverflow() {
        let registry = MetricsRegistry([MetricDefinition("c_total", .counter, "C.")])
        let counter = Counter(label: "c_total", factory: registry)
        counter.increment(by: Int64.max)
        counter.increment(by: 5)
        counter.increment(by: -5)
        #expect(registry.exposition().contains("c_total \(Int64.max)"))
    }

    @Test func manyThreadsLoseNothing() async {
        let registry = MetricsRegistry(Self.definitions)
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        Counter(label: "t_requests_total", dimensions: [("reason", "x")], factory: registry).increment()
                        Recorder(label: "t_wait_seconds", dimensions: [("stage", "s")], factory: registry).record(0.5)
                    }
                }
            }
        }
        #expect(registry.exposition().contains("reason=\"x\"} 8000"))
        #expect(registry.exposition().contains("t_wait_seconds_count{stage=\"s\"} 8000"))
    }
}
