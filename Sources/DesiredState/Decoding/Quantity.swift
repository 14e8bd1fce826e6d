internal import CurfewModel

/// The grammars of durations and amounts. Everything that overflows is `nil`, never a wrapped or clamped value.
enum Quantity {
    static let spanPattern = "^(?=[0-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
    static let cpuPattern = "^([0-9]+m|[0-9]+|[0-9]+\\.[0-9]{1,3})$"
    static let bytesPattern = "^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$"

    /// `1h30m`, `45s`, `250ms`, `0s`: whole numbers, each unit at most once, from the largest to the smallest.
    static func span(_ text: UnsafeBufferPointer<UInt8>) -> Span? {
        let units: [(name: StaticString, size: Int64)] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
        var rest = text[...]
        var total: Int64 = 0
        var next = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let value = digits(&rest) else { return nil }
            let end = rest.firstIndex { (0x30...0x39).contains($0) } ?? rest.endIndex
            let word = rest[..<end]
            rest = rest[end...]
            guard
                let unit = units[next...].firstIndex(where: { unit in
                    unit.name.utf8CodeUnitCount == word.count && unit.name.withUTF8Buffer { $0.elementsEqual(word) }
                })
            else { return nil }
            next = unit + 1
            let (product, tooBig) = value.multipliedReportingOverflow(by: units[unit].size)
            let (sum, overflow) = total.addingReportingOverflow(product)
            if tooBig || overflow { return nil }
            total = sum
        }
        return Span(milliseconds: total)
    }

    private static func digits(_ text: inout Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        var value: Int64 = 0
        let before = text.count
        while let byte = text.first, (0x30...0x39).contains(byte) {
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int64(byte) - 0x30)
            if tooBig || overflow { return nil }
            value = sum
            text.removeFirst()
        }
        return text.count == before ? nil : value
    }

    /// `500m`, `2`, `0.5`: at most three places after the point.
    static func cpu(_ text: String) -> MilliCPU? {
        if text.hasSuffix("m") { return whole(text.dropLast()).flatMap { Int(exactly: $0) }.map { MilliCPU($0) } }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let cores = whole(parts[0]) else { return nil }
        var thousandths: Int64 = 0
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), let places = whole(parts[1]) else { return nil }
            thousandths = places * (parts[1].utf8.count == 1 ? 100 : parts[1].utf8.count == 2 ? 10 : 1)
        }
        let (product, tooBig) = cores.multipliedReportingOverflow(by: 1000)
        let (sum, overflow) = product.addingReportingOverflow(thousandths)
        return tooBig || overflow ? nil : MilliCPU(Int(sum))
    }

    /// `128Mi`, `1Gi`, `500M`, `65536`.
    static func bytes(_ text: String) -> ByteCount? {
        let units: [(String, Int64)] = [
            ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40), ("k", 1000), ("M", 1_000_000),
            ("G", 1_000_000_000), ("T", 1_000_000_000_000), ("", 1),
        ]
        for (unit, size) in units where text.hasSuffix(unit) {
            guard let value = whole(text.dropLast(unit.count)) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: size)
            return overflow ? nil : ByteCount(product)
        }
        return nil
    }

    /// Digits only: `Int64("+5")` would be taken, and a sign has no meaning here.
    static func whole(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}
