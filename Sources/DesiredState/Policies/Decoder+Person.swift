internal import CurfewModel

/// Something that one person alone may have, and where it is written.
struct Claim: Sendable {
    enum Thing: Hashable, Sendable {
        case email(String)
        case key(SSHPublicKey)
    }
    var thing: Thing
    var position: Position
}

/// Who somebody is.
extension Decoder {
    func person(_ node: Int, _ name: Name, _ claims: inout [Claim]) -> Person {
        var person = Person(name: name, emails: [])
        guard let spec = record(node, "spec", as: PersonField.self) else { return person }
        if let node = spec[.emails] {
            list(node, "emails", count: PolicyRules.some) { item in
                guard let email = email(item) else { return }
                if person.emails.contains(email) { return report(item, "emails names '\(email)' twice") }
                person.emails.append(email)
                claims.append(Claim(thing: .email(email), position: position(item)))
            }
        }
        if let node = spec[.signingKeys] {
            list(node, "signingKeys", count: PolicyRules.entries) { item in
                guard let key = signingKey(item) else { return }
                if person.signingKeys.contains(where: { $0.key == key.key }) {
                    return report(item, "signingKeys names this key twice")
                }
                person.signingKeys.append(key)
                claims.append(Claim(thing: .key(key.key), position: position(item)))
            }
        }
        if let node = spec[.loginKeys] {
            list(node, "loginKeys", count: PolicyRules.entries) { item in
                guard let key = key(item, "loginKeys") else { return }
                if person.loginKeys.contains(key) { return report(item, "loginKeys names this key twice") }
                person.loginKeys.append(key)
                claims.append(Claim(thing: .key(key), position: position(item)))
            }
        }
        if let node = spec[.accounts] { person.accounts = accounts(node) }
        return person
    }

    /// An address in lower case. ASCII only: two that look alike must not be two.
    private func email(_ node: Int) -> String? {
        guard let text = string(node, "emails", maximum: 254) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        if parts.count == 2, !parts[0].isEmpty, let first = parts[1].first, let last = parts[1].last,
            parts[0].allSatisfy({ isPlain($0) || "!#$%&'*+/=?^_`{|}~.-".utf8.contains($0) }), isPlain(first), isPlain(last),
            parts[1].allSatisfy({ isPlain($0) || $0 == 0x2E || $0 == 0x2D }), parts[0].first != 0x2D
        {
            return text.lowercased()
        }
        report(node, "'\(text.prefix(80))' is no e-mail address such as alice@example.org")
        return nil
    }

    private func accounts(_ node: Int) -> [String: String] {
        var result: [String: String] = [:]
        pairs(node, "accounts", maximum: 64) { key, value in
            let name = yaml.string(key)
            guard name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }),
                name.utf8.first.map({ (0x61...0x7A).contains($0) }) ?? false
            else {
                return report(key, "account '\(name.prefix(40))' has to be of a-z, 0-9 and '-', beginning with a letter")
            }
            guard let text = string(value, "account '\(name)'", maximum: 256) else { return }
            // A name that begins with '-' would be an option of the program that gets it.
            if text.isEmpty || text.hasPrefix("-") || text != text.escapingControls {
                return report(value, "account '\(name)' must not be empty, begin with '-' or hold control characters")
            }
            result[name] = text
        }
        return result
    }

    private func signingKey(_ node: Int) -> PersonKey? {
        guard yaml.nodes[resolve(node)].kind == .mapping else { return key(node, "signingKeys").map { PersonKey($0) } }
        guard let record = record(node, "a signing key", as: KeyField.self) else { return nil }
        let from = record[.notBefore].flatMap { moment($0, "notBefore") }
        let until = record[.notAfter].flatMap { moment($0, "notAfter") }
        if let from, let until, from >= until { report(node, "notBefore has to be before notAfter") }
        return record[.key].flatMap { key($0, "key") }.map { PersonKey($0, validFrom: from, validUntil: until) }
    }

    /// An SSH public key as it stands in a `.pub` file.
    func key(_ node: Int, _ label: String) -> SSHPublicKey? {
        guard let text = string(node, label, maximum: 8192) else { return nil }
        guard let key = SSHPublicKey(text) else {
            report(node, "\(label) \(Self.keyFault(text))")
            return nil
        }
        if let fault = KeyBlob.fault(of: key) {
            report(node, "\(label) is no whole public SSH key: \(fault); copy the line of the .pub file again")
            return nil
        }
        return key
    }

    private static func keyFault(_ text: String) -> String {
        let type = String(text.prefix { $0 != " " })
        if text.contains("PRIVATE KEY") { return "is a private key: take it out of the repository and make a new one" }
        guard text.contains(" "), type.contains("-") else {
            return "has to be one line as in a .pub file, such as 'ssh-ed25519 AAAA… alice@laptop'"
        }
        guard SSHPublicKey.types.contains(type) else {
            let known = SSHPublicKey.types.sorted()
            return "has the unknown type '\(type.prefix(40))'" + Spelling.hint(type, among: known)
                + " (known: \(known.joined(separator: ", ")))"
        }
        return "has a body that is no base64, or too long; it has to be one line as in a .pub file"
    }
}
