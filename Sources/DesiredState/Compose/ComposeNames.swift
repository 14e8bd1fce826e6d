internal import CurfewModel

/// Names that look as if their value were a secret.
enum SecretNames {
    private static let words: Set = [
        "PASSWORD", "PASSWORDS", "PASS", "PASSWD", "PASSPHRASE", "PWD", "SECRET", "SECRETS", "TOKEN", "TOKENS", "KEY", "KEYS",
        "APIKEY", "CREDENTIAL", "CREDENTIALS", "DSN", "SALT", "PEPPER",
    ]
    private static let ends = ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "KEYBASE"]
    private static let harmless: Set = ["", "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null"]

    /// Whether a variable's value should not stand in a manifest: by its name, or because it is a URL with a password.
    /// A path of a file that holds it (`…_FILE`, `…_PATH`, or a value below `/run/secrets`) may, and so may a switch.
    static func holdSecret(_ name: String, _ value: String) -> Bool {
        if harmless.contains(value.lowercased()) { return false }
        if hasPassword(value) { return true }
        let parts = name.uppercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        if value.hasPrefix("/"), ["FILE", "PATH", "DIR"].contains(parts.last) || value.hasPrefix("/run/secrets/") {
            return false
        }
        return parts.contains { part in words.contains(part) || ends.contains { part.hasSuffix($0) } }
    }

    /// `scheme://user:password@host`.
    private static func hasPassword(_ value: String) -> Bool {
        guard let scheme = value.firstRange(of: "://") else { return false }
        let authority = value[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return false }
        return authority.index(after: colon) < at
    }
}

extension ComposeReader {
    func isSecret(_ name: String, _ value: String) -> Bool {
        !options.keptVariables.contains(name) && SecretNames.holdSecret(name, value)
    }

    /// A DNS label made from any name: lower case, everything else a dash; `nil` when nothing is left.
    static func label(_ text: String) -> Name? {
        if let name = Name(text) { return name }
        var result = ""
        for byte in text.lowercased().utf8.prefix(256) {
            let plain = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
            if plain { result.unicodeScalars.append(Unicode.Scalar(byte)) } else if !result.hasSuffix("-") { result += "-" }
        }
        while result.hasPrefix("-") { result.removeFirst() }
        result = String(result.prefix(63))
        while result.hasSuffix("-") { result.removeLast() }
        return Name(result)
    }

    /// The same, and a note when it had to be changed.
    func label(_ text: String, _ position: Position, _ path: String, _ consequence: String = "") -> Name? {
        guard let name = Self.label(text) else {
            tell(
                .error, position, path,
                "'\(text.prefix(80))' cannot be made a DNS label; give it a name of letters, digits and '-'")
            return nil
        }
        if name.rawValue != text {
            tell(.note, position, path, "'\(text.prefix(80))' is no DNS label; it is called '\(name)'\(consequence)")
        }
        return name
    }
}
