/// The same with the right sum in each header of a tar: no mutation finds them.
func withTarSums(_ bytes: [UInt8]) -> [UInt8] {
    var fixed = bytes
    for start in stride(from: 0, through: fixed.count - 512, by: 512)
    where fixed[start + 257..<start + 262].elementsEqual("ustar".utf8) {
        let sum = (0..<512).reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(fixed[start + $1])) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits + "\0 "
        fixed.replaceSubrange(start + 148..<start + 156, with: Array(text.utf8))
    }
    return fixed
}
