/// CPU in thousandths of one core.
public struct MilliCPU: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// 1000 is one core.
    public var value: Int
    /// `value` thousandths of one core.
    public init(_ value: Int) { self.value = value }
    public static func < (left: MilliCPU, right: MilliCPU) -> Bool { left.value < right.value }
    public var description: String { "\(value)m" }
}

/// An amount of memory or disk in bytes.
public struct ByteCount: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// Bytes.
    public var value: Int64
    /// `value` bytes.
    public init(_ value: Int64) { self.value = value }
    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.value < right.value }
    /// As written in manifests: the largest binary unit that divides it (`128Mi`), else plain bytes.
    public var description: String {
        for (unit, shift) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] as [(String, Int64)]
        where value != 0 && value % (1 << shift) == 0 { return "\(value >> shift)\(unit)" }
        return "\(value)"
    }
}
