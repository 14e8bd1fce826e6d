/// The types of plain scalars by the YAML 1.2 core schema. `no`, `yes`, `on`, `12:30` and `1_000` are strings there;
/// YAML 1.1 turned them into booleans and numbers.
enum CoreSchema {
    enum ScalarType: Sendable { case string, integer, float, bool, null }

    /// The type that a plain scalar of this text has.
    static func type(of text: UnsafeBufferPointer<UInt8>) -> ScalarType {
        guard let first = text.first else { return .null }
        switch first {
        case UInt8(ascii: "~"): return text.count == 1 ? .null : .string
        case UInt8(ascii: "n"), UInt8(ascii: "N"): return matches(text, ["null", "Null", "NULL"]) ? .null : .string
        case UInt8(ascii: "t"), UInt8(ascii: "T"): return matches(text, ["true", "True", "TRUE"]) ? .bool : .string
        case UInt8(ascii: "f"), UInt8(ascii: "F"): return matches(text, ["false", "False", "FALSE"]) ? .bool : .string
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return number(text)
        default: return .string
        }
    }

    private static func matches(_ text: UnsafeBufferPointer<UInt8>, _ words: [StaticString]) -> Bool {
        words.contains { word in
            word.utf8CodeUnitCount == text.count && word.withUTF8Buffer { $0.elementsEqual(text) }
        }
    }

    private static func number(_ text: UnsafeBufferPointer<UInt8>) -> ScalarType {
        if text.count > 2, text[0] == UInt8(ascii: "0"), text[1] == UInt8(ascii: "o") {
            return text.dropFirst(2).allSatisfy { (0x30...0x37).contains($0) } ? .integer : .string
        }
        if text.count > 2, text[0] == UInt8(ascii: "0"), text[1] == UInt8(ascii: "x") {
            return text.dropFirst(2).allSatisfy { digit($0, radix: 16) != nil } ? .integer : .string
        }
        if matches(text, [".nan", ".NaN", ".NAN"]) { return .float }
        var rest = text[...]
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        if matches(UnsafeBufferPointer(rebasing: rest), [".inf", ".Inf", ".INF"]) { return .float }
        let whole = skipDigits(&rest)
        if rest.isEmpty { return whole > 0 ? .integer : .string }
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = skipDigits(&rest)
        }
        guard whole + fraction > 0 else { return .string }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard skipDigits(&rest) > 0 else { return .string }
        }
        return rest.isEmpty ? .float : .string
    }

    private static func skipDigits(_ text: inout Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        let before = text.count
        while let byte = text.first, (0x30...0x39).contains(byte) { text.removeFirst() }
        return before - text.count
    }

    /// The value of an integer; `nil` when it does not fit.
    static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var digits = text[...]
        var radix = 10
        var negative = false
        if text.count > 2, text[0] == UInt8(ascii: "0"), text[1] == UInt8(ascii: "o") || text[1] == UInt8(ascii: "x") {
            radix = text[1] == UInt8(ascii: "o") ? 8 : 16
            digits = text.dropFirst(2)
        } else if text.first == UInt8(ascii: "+") || text.first == UInt8(ascii: "-") {
            negative = text[0] == UInt8(ascii: "-")
            digits.removeFirst()
        }
        var value = 0
        for byte in digits {
            guard let digit = digit(byte, radix: radix) else { return nil }
            let (product, tooBig) = value.multipliedReportingOverflow(by: radix)
            let (sum, overflow) =
                negative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if tooBig || overflow { return nil }
            value = sum
        }
        return digits.isEmpty ? nil : value
    }

    private static func digit(_ byte: UInt8, radix: Int) -> Int? {
        let value: Int
        switch byte {
        case 0x30...0x39: value = Int(byte) - 0x30
        case 0x61...0x66: value = Int(byte) - 0x61 + 10
        case 0x41...0x46: value = Int(byte) - 0x41 + 10
        default: return nil
        }
        return value < radix ? value : nil
    }
}
