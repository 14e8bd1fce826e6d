/// Variables in the values of a Compose file: `$NAME`, `${NAME}`, `${NAME:-otherwise}`, `${NAME-otherwise}`,
/// `${NAME:?message}`, `${NAME?message}`, `${NAME:+instead}`, `${NAME+instead}`, `$$`. What stands after the operator may
/// hold variables too. Values are not looked through again.
struct Interpolation {
    /// What has become of a text.
    struct Expanded: Equatable {
        var text = ""
        /// Names without a value and without an alternative; they became nothing.
        var unset: [String] = []
        /// Names whose value went into the text.
        var used: [String] = []
    }
    struct Fault: Error, Equatable {
        var message: String
    }
    /// Longest result, in bytes.
    static let longest = 1 << 16
    private static let deepest = 16

    private let lookup: (String) -> String?
    private var rest: Substring
    private var result = Expanded()

    /// The text with its variables replaced.
    static func expand(_ text: String, _ lookup: (String) -> String?) throws(Fault) -> Expanded {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return Expanded(text: text) }
        return try withoutActuallyEscaping(lookup) { lookup throws(Fault) in
            var reader = Interpolation(lookup: lookup, rest: text[...])
            reader.result.text = try reader.words(until: false, depth: 0)
            return reader.result
        }
    }

    private init(lookup: @escaping (String) -> String?, rest: Substring) { (self.lookup, self.rest) = (lookup, rest) }

    private mutating func words(until brace: Bool, depth: Int) throws(Fault) -> String {
        guard depth <= Self.deepest else { throw Fault(message: "variables are nested deeper than \(Self.deepest) levels") }
        var text = ""
        while let character = rest.first {
            if brace, character == "}" { break }
            rest.removeFirst()
            text += character == "$" ? try variable(depth) : String(character)
            if text.utf8.count > Self.longest {
                throw Fault(message: "the value grows beyond \(Self.longest) bytes")
            }
        }
        return text
    }

    private mutating func variable(_ depth: Int) throws(Fault) -> String {
        if rest.first == "$" {
            rest.removeFirst()
            return "$"
        }
        guard rest.first == "{" else {
            let name = name()
            guard !name.isEmpty else {
                throw Fault(message: "'$' has to be followed by a variable's name; write '$$' for the character itself")
            }
            return value(of: name)
        }
        rest.removeFirst()
        let name = name()
        guard !name.isEmpty else { throw Fault(message: "'${' has to be followed by a variable's name") }
        let colon = rest.first == ":"
        if colon { rest.removeFirst() }
        guard let operation = rest.popFirst() else { throw Fault(message: "'${\(name)' is not closed with '}'") }
        if operation == "}", !colon { return value(of: name) }
        guard "-?+".contains(operation) else {
            throw Fault(message: "'${\(name)' is followed by '\(operation)'; known are :- - :? ? :+ +")
        }
        let before = result
        let other = try words(until: true, depth: depth + 1)
        guard rest.popFirst() == "}" else { throw Fault(message: "'${\(name)' is not closed with '}'") }
        let found = lookup(name)
        let isThere = found.map { !colon || !$0.isEmpty } ?? false
        switch operation {
        case "+": if isThere { return other }
        case "-": if !isThere { return other }
        default:
            guard isThere else {
                throw Fault(message: "variable \(name) is needed\(other.isEmpty ? "" : ": \(other.prefix(200))")")
            }
        }
        // The alternative was read and not taken: what it names does not count.
        result = before
        return operation == "+" ? "" : value(of: name)
    }

    private mutating func value(of name: String) -> String {
        guard let value = lookup(name) else {
            if !result.unset.contains(name) { result.unset.append(name) }
            return ""
        }
        if !result.used.contains(name) { result.used.append(name) }
        return value
    }

    private mutating func name() -> String {
        var name = ""
        while let character = rest.first, character.isASCII, character.isLetter || character == "_" || character.isNumber {
            if name.isEmpty, character.isNumber { break }
            name.append(character)
            rest.removeFirst()
        }
        return name
    }
}
