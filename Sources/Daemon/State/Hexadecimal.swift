extension Sequence where Element == UInt8 {
    /// Two lower-case digits for each byte.
    var hexadecimalDigits: String { map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}
