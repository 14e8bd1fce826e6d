extension MetricsRegistry {
    /// The content type of ``exposition()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Everything in Prometheus' text format, metrics in the order of their definitions, series sorted by label values.
    public func exposition() -> String {
        var text = ""
        for definition in definitions {
            let lines = all(definition.name).sorted { $0.key.lexicographicallyPrecedes($1.key) }
                .map { values, series in Self.lines(of: series, definition, values) }.joined()
            guard !lines.isEmpty else { continue }
            text += "# HELP \(definition.name) \(Self.escaped(definition.help, quotes: false))\n"
            text += "# TYPE \(definition.name) \(definition.word)\n"
            text += lines
        }
        return text
    }

    private static func lines(of series: Series, _ definition: MetricDefinition, _ values: [String]) -> String {
        let labels = zip(definition.labels, values).map { (name: $0, value: $1) }
        switch series {
        case .counter(let counter): return line(definition.name, labels, "\(counter.value)")
        case .gauge(let gauge): return gauge.value.map { line(definition.name, labels, number($0)) } ?? ""
        case .histogram(let histogram):
            let content = histogram.value
            var (text, total) = ("", UInt64(0))
            for (bound, count) in zip(histogram.bounds + [.infinity], content.counts) {
                total &+= count
                text += line("\(definition.name)_bucket", labels + [("le", number(bound))], "\(total)")
            }
            text += line("\(definition.name)_sum", labels, number(content.sum))
            return text + line("\(definition.name)_count", labels, "\(total)")
        }
    }

    private static func line(_ name: String, _ labels: [(name: String, value: String)], _ value: String) -> String {
        guard !labels.isEmpty else { return "\(name) \(value)\n" }
        let told = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        return "\(name){\(told)} \(value)\n"
    }

    private static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        if value == -.infinity { return "-Inf" }
        if value.isNaN { return "NaN" }
        // 1.0 is written as Prometheus' own clients write it, since `le` is compared as text.
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
