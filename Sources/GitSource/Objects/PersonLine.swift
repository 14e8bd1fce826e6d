import CurfewModel

/// Who and when, as a header of a commit or a tag claims: `name <address> seconds zone`.
struct PersonLine {
    let claim: CommitFacts.Claim
    /// Whether it is written as Git writes it.
    let isWhole: Bool

    init(_ value: Slice<UnsafeRawBufferPointer>) {
        let (less, greater) = (UInt8(ascii: "<"), UInt8(ascii: ">"))
        guard let open = value.firstIndex(of: less), let close = value.lastIndex(of: greater), open < close else {
            claim = CommitFacts.Claim(name: Self.text(value), email: "", at: Instant(milliseconds: 0))
            isWhole = false
            return
        }
        let (name, email) = (value[..<open], value[(open + 1)..<close])
        let words = value[(close + 1)...].split(separator: 0x20, omittingEmptySubsequences: false)
        let seconds = words.count > 1 ? Self.number(words[1]) : nil
        isWhole =
            words.count == 3 && words[0].isEmpty && seconds != nil && Self.isZone(words[2])
            && (name.isEmpty || name.last == 0x20) && !name.contains(greater) && !email.contains { $0 == less || $0 == greater }
        // Anybody can write any time into a commit: the far future must not come round as the past.
        let (milliseconds, isTooLarge) = (seconds ?? 0).multipliedReportingOverflow(by: 1000)
        claim = CommitFacts.Claim(
            name: Self.text(name), email: Self.text(email), at: Instant(milliseconds: isTooLarge ? .max : milliseconds))
    }

    /// Digits alone; more than fit are the largest that does.
    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, carries) = tens.addingReportingOverflow(Int64(digit - 0x30))
            if isTooLarge || carries { return .max }
            value = sum
        }
        return value
    }

    private static func isZone(_ word: Slice<UnsafeRawBufferPointer>) -> Bool {
        word.count == 5 && (word.first == UInt8(ascii: "+") || word.first == UInt8(ascii: "-"))
            && word.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var bytes = bytes.drop { $0 == 0x20 }
        while bytes.last == 0x20 { bytes = bytes.dropLast() }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
