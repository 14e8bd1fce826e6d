extension String {
    /// Its beginning, at most `bytes` bytes of UTF-8 and cut between scalars. Characters are no measure: a single one can have
    /// any number of combining marks.
    public func prefix(bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        var end = utf8.index(startIndex, offsetBy: max(0, bytes))
        // A continuation byte is inside a scalar.
        while end > startIndex, utf8[end] & 0b1100_0000 == 0b1000_0000 { end = utf8.index(before: end) }
        return String(self[..<end])
    }

    /// The same with one scalar exchanged for a text, whatever stands around it: replaced as a character, `"` with a combining
    /// mark behind it would stay.
    public func replacing(scalar: Unicode.Scalar, with text: String) -> String {
        guard unicodeScalars.contains(scalar) else { return self }
        var result = UnicodeScalarView()
        for each in unicodeScalars {
            if each == scalar { result.append(contentsOf: text.unicodeScalars) } else { result.append(each) }
        }
        return String(result)
    }
}
