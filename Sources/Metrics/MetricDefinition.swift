/// What one metric is called and means. Only what is defined is kept, so that no caller can make names up at run time.
public struct MetricDefinition: Sendable, Hashable {
    /// How its values are kept.
    public enum Kind: Sendable, Hashable {
        /// Only grows; its name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts values by these upper bounds, ascending, in the unit of the name; the last bucket, `+Inf`, is added.
        case histogram([Double])
    }
    /// Letters, digits and `_`, with the base unit at the end: `curfew_reconcile_duration_seconds`.
    public var name: String
    /// One line for people.
    public var help: String
    /// How values are kept.
    public var kind: Kind
    /// The names of its labels, in the order in which they are written.
    public var labels: [String]

    /// Defines a metric.
    public init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        (self.name, self.kind, self.labels, self.help) = (name, kind, labels, help)
    }

    var word: String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
