/// One thing that is wrong (or doubtful) in a file of a repository, told so that a person can mend it.
public struct Diagnostic: Hashable, Sendable, Codable, CustomStringConvertible {
    /// How bad it is: an error holds its bundle, a warning holds nothing.
    public enum Severity: String, Sendable, Codable { case error, warning }

    /// How bad it is.
    public var severity: Severity
    /// Path in the repository, escaped when printed.
    public var file: String
    /// Line, from 1; 0 when the whole file is meant.
    public var line: Int
    /// Column in characters, from 1; 0 when the whole line or file is meant.
    public var column: Int
    /// What is wrong and, where it can be known, what to write instead. One line, no secret.
    public var message: String

    /// Makes a diagnostic; `line` and `column` count from 1, 0 means "not known".
    public init(_ severity: Severity = .error, file: String, line: Int = 0, column: Int = 0, _ message: String) {
        (self.severity, self.file, self.line, self.column, self.message) = (severity, file, line, column, message)
    }

    /// `file:line:column: error: message`, the form that editors and CI systems parse. Control characters are escaped.
    public var description: String {
        "\(file.escapingControls):\(line):\(column): \(severity.rawValue): \(message.escapingControls)"
    }
}

extension String {
    /// The same text with control characters (C0, DEL, C1) and line separators written as `\u{…}`, so that text from
    /// a repository can neither fake a line nor drive a terminal.
    public var escapingControls: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isControl {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || (0x2028...0x202E).contains(value) || (0x2066...0x2069).contains(value)
    }
}
