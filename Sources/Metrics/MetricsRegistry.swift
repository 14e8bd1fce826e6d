public import CoreMetrics
internal import Synchronization

/// Keeps the values of defined metrics for Prometheus. A backend of swift-metrics that stands on its own: it is handed to
/// whoever measures, so that two services of one process, or two tests, share nothing.
///
/// Names and labels that are not defined go nowhere, and a metric has at most ``mostSeries`` sets of label values: what comes
/// later is counted under `other`. Recording never fails and never waits for a scrape for longer than a copy takes.
public final class MetricsRegistry: MetricsFactory, Sendable {
    /// Most sets of label values of one metric.
    public static let mostSeries = 100

    enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    let definitions: [MetricDefinition]
    private let byName: [String: MetricDefinition]
    private let series: Mutex<[String: [[String]: Series]]>

    /// Makes a registry of these metrics; those without labels are there from the beginning.
    public init(_ definitions: [MetricDefinition]) {
        self.definitions = definitions
        byName = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
        series = Mutex([:])
        for definition in definitions where definition.labels.isEmpty { _ = find(definition, []) }
    }

    /// The values of one metric by its label values.
    func all(_ name: String) -> [[String]: Series] { series.withLock { $0[name] ?? [:] } }

    private func find(_ label: String, _ dimensions: [(String, String)]) -> Series? {
        guard let definition = byName[label], definition.labels.count == dimensions.count else { return nil }
        let given = Dictionary(dimensions) { first, _ in first }
        let values = definition.labels.compactMap { given[$0] }
        return values.count == definition.labels.count ? find(definition, values) : nil
    }

    private func find(_ definition: MetricDefinition, _ values: [String]) -> Series {
        series.withLock { all in
            if let known = all[definition.name]?[values] { return known }
            var values = values.map { String($0.prefix(128)) }
            if all[definition.name]?.count ?? 0 >= Self.mostSeries - 1 { values = values.map { _ in "other" } }
            if let known = all[definition.name]?[values] { return known }
            let made: Series =
                switch definition.kind {
                case .counter: .counter(CounterSeries())
                case .gauge: .gauge(GaugeSeries())
                case .histogram(let bounds): .histogram(HistogramSeries(bounds: bounds))
                }
            all[definition.name, default: [:]][values] = made
            return made
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        if case .counter(let counter)? = find(label, dimensions) { return counter }
        return NOOPMetricsHandler.instance
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        if case .gauge(let gauge)? = find(label, dimensions) { return gauge }
        return NOOPMetricsHandler.instance
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        switch find(label, dimensions) {
        case .histogram(let histogram): histogram
        default: NOOPMetricsHandler.instance
        }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        if case .histogram(let histogram)? = find(label, dimensions) { return histogram }
        return NOOPMetricsHandler.instance
    }

    // Values stay for as long as the registry: a counter that vanished and came back would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}
}
