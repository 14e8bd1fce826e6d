internal import CurfewModel

/// Durations and amounts as Compose writes them.
enum ComposeQuantity {
    /// `1h5m30s20ms`, `1.5s`, `90s`; `us` and `ns` are taken, less than a millisecond is cut off.
    static func span(_ text: String) -> Span? {
        if text == "0" { return .zero }
        let units: [(String, Double)] = [
            ("ms", 1), ("us", 0.001), ("µs", 0.001), ("ns", 0.000001), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ]
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            guard let number = decimal(digits), let unit = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
            rest = rest.dropFirst(unit.0.count)
            total += number * unit.1
            guard total < 1e15 else { return nil }
        }
        return Span(milliseconds: Int64(total))
    }

    /// `512m`, `1.5gb`, `64k`, `300000`, `2GiB`: powers of 1024 whatever the case, as Docker reads them.
    static func bytes(_ text: String) -> ByteCount? {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let number = decimal(digits) else { return nil }
        let shifts = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50]
        var unit = text.dropFirst(digits.count).lowercased()
        if unit.hasPrefix(" ") { unit.removeFirst() }
        if unit.count > 1, unit.hasSuffix("ib") {
            unit.removeLast(2)
        } else if unit.count > 1, unit.hasSuffix("b") {
            unit.removeLast()
        }
        guard let shift = shifts[unit] else { return nil }
        let value = number * Double(1 << shift)
        return value < Double(1 << 60) ? ByteCount(Int64(value)) : nil
    }

    /// `0.5`, `2`, `.25`: cores, rounded to a thousandth.
    static func cpu(_ text: String) -> MilliCPU? {
        guard let number = decimal(text[...]), number < 1e6 else { return nil }
        return MilliCPU(Int((number * 1000).rounded()))
    }

    /// Digits with at most one point: `Double` alone would take `nan`, `1e9` and signs.
    private static func decimal(_ text: Substring) -> Double? {
        guard text.contains(where: \.isNumber), text.utf8.count <= 24,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E })
        else { return nil }
        return Double(text.hasPrefix(".") ? "0" + text : String(text))
    }
}
