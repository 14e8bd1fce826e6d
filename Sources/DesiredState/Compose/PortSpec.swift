/// One entry of `ports` in its short form: `[[address:]published:]target[/protocol]`, each port a number or a range.
struct PortSpec: Equatable {
    var address: String?
    /// `nil` = the engine chooses.
    var published: ClosedRange<Int>?
    var target: ClosedRange<Int>
    var transport = "tcp"
    /// `http` and the like, where it is said.
    var application: String?
    var name: String?

    init(published: ClosedRange<Int>?, target: ClosedRange<Int>) { (self.published, self.target) = (published, target) }

    /// `nil` when it is none of the forms, or a range has another length than the one it belongs to.
    init?(_ text: String) {
        var rest = text[...]
        if let slash = rest.lastIndex(of: "/") {
            transport = rest[rest.index(after: slash)...].lowercased()
            rest = rest[..<slash]
            guard ["tcp", "udp", "sctp"].contains(transport) else { return nil }
        }
        // IPv6 stands in brackets, and has colons of its own.
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            address = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            guard rest.popFirst() == ":" else { return nil }
        }
        var parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard let last = parts.popLast(), let target = Self.range(last) else { return nil }
        self.target = target
        if let middle = parts.popLast(), !middle.isEmpty {
            guard let range = Self.range(middle) else { return nil }
            published = range
        }
        if !parts.isEmpty {
            guard parts.count == 1, address == nil, !parts[0].isEmpty else { return nil }
            address = String(parts[0])
        }
        if let published, published.count != target.count, target.count != 1 { return nil }
    }

    /// `80` or `8000-8010`, each from 1 to 65535.
    static func range(_ text: some StringProtocol) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), let first = port(ends[0]), let last = port(ends[ends.count - 1]), first <= last
        else {
            return nil
        }
        return first...last
    }

    private static func port(_ text: some StringProtocol) -> Int? {
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text) else {
            return nil
        }
        return (1...65535).contains(port) ? port : nil
    }
}
