/// Files of variables: `NAME=value` lines, comments with `#`, `export` in front if need be, values in single quotes as they
/// are, in double quotes with `\n` and the like, over several lines if need be. Variables stand in values that are in double
/// or no quotes.
enum EnvFile {
    struct Entry: Equatable {
        var name: String
        /// `nil` for a name without `=`.
        var value: String?
        /// From 1.
        var line: Int
    }
    struct Fault: Error, Equatable {
        var line: Int
        var message: String
    }
    /// Most names of one file.
    static let limit = 4096

    /// Reads a file.
    /// - Parameters:
    ///   - raw: values are taken as they stand, with neither quotes nor variables.
    ///   - lookup: variables that are known before the file's own.
    static func entries(_ bytes: [UInt8], literal raw: Bool = false, _ lookup: (String) -> String? = { _ in nil })
        throws(Fault) -> [Entry]
    {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(line: 1, message: "not valid UTF-8 text") }
        var own: [String: String] = [:]
        var entries: [Entry] = []
        var rest = text.unicodeScalars[...]
        if rest.first == "\u{FEFF}" { rest.removeFirst() }
        var line = 1
        while !rest.isEmpty {
            let start = line
            let name = key(&rest)
            let hasValue = rest.first == "=" || rest.first == ":"
            if name.isEmpty, !hasValue {
                skipLine(&rest, &line)
                continue
            }
            guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
                throw Fault(line: start, message: "'\(name.prefix(40))' is no name of a variable")
            }
            guard entries.count < limit else { throw Fault(line: start, message: "more than \(limit) variables") }
            var value: String?
            if hasValue {
                rest.removeFirst()
                let (written, literal) = raw ? (self.line(&rest), true) : try self.value(&rest, &line)
                do throws(Interpolation.Fault) {
                    value = literal ? written : try Interpolation.expand(written) { own[$0] ?? lookup($0) }.text
                } catch { throw Fault(line: start, message: "\(name): \(error.message)") }
                own[name] = value
            }
            entries.append(Entry(name: name, value: value, line: start))
            skipLine(&rest, &line)
        }
        return entries
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "_.-".utf8.contains(byte)
    }

    /// The name, up to `=`, the end of the line or a comment.
    private static func key(_ rest: inout String.UnicodeScalarView.SubSequence) -> String {
        let end = rest.firstIndex { $0 == "=" || $0 == ":" || $0 == "\n" || $0 == "#" } ?? rest.endIndex
        var words = rest[..<end].split { $0 == " " || $0 == "\t" || $0 == "\r" }
        rest = rest[end...]
        if words.count > 1, words[0].elementsEqual("export".unicodeScalars) { words.removeFirst() }
        return words.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
    }

    private static func skipLine(_ rest: inout String.UnicodeScalarView.SubSequence, _ line: inout Int) {
        while let scalar = rest.popFirst() {
            guard scalar == "\n" else { continue }
            line += 1
            return
        }
    }

    /// The rest of the line.
    private static func line(_ rest: inout String.UnicodeScalarView.SubSequence) -> String {
        let end = rest.firstIndex { $0 == "\n" || $0 == "\r" } ?? rest.endIndex
        defer { rest = rest[end...] }
        return String(String.UnicodeScalarView(rest[..<end]))
    }

    private static func value(_ rest: inout String.UnicodeScalarView.SubSequence, _ line: inout Int) throws(Fault) -> (
        String, literal: Bool
    ) {
        while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
        guard let quote = rest.first, quote == "'" || quote == "\"" else {
            let end = rest.firstIndex(of: "\n") ?? rest.endIndex
            var text = String(String.UnicodeScalarView(rest[..<end]))
            rest = rest[end...]
            if text.hasPrefix("#") { text = "" }
            if let comment = text.firstRange(of: " #") { text = String(text[..<comment.lowerBound]) }
            while let last = text.last, last.isWhitespace { text.removeLast() }
            return (text, false)
        }
        let start = line
        rest.removeFirst()
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == quote { return (String(text), quote == "'") }
            if scalar == "\n" { line += 1 }
            guard scalar == "\\", quote == "\"", let next = rest.popFirst() else {
                text.append(scalar)
                continue
            }
            switch next {
            case "n": text.append("\n")
            case "r": text.append("\r")
            case "t": text.append("\t")
            case "$": text.append(contentsOf: "$$".unicodeScalars)
            case "\"", "\\": text.append(next)
            default: text.append(contentsOf: ["\\", next])
            }
        }
        throw Fault(line: start, message: "a quote is not closed")
    }
}
