internal import CurfewModel

extension BundlePowers {
    /// What is wrong with a use; `nil` when it is allowed.
    func diagnostic(of use: PowerUse, in file: String) -> Diagnostic? {
        guard let denial = denial(of: use.power) else { return nil }
        let severity: Diagnostic.Severity
        let text: String
        switch denial {
        case .never(let what): (severity, text) = (.error, what)
        case .unless(let what, let field, let list):
            let lines = "- { bundles: [\(bundle)], \(field): [\(list.joined(separator: ", "))] }"
            if isKnown {
                severity = .error
                text =
                    "\(what) is not allowed for bundle '\(bundle)'; to allow it, add under 'allow' in the service's configuration: \(lines)"
            } else {
                severity = .warning
                text =
                    "\(what) has to be allowed for bundle '\(bundle)' by the service's configuration, which was not given (--config); under 'allow' there: \(lines)"
            }
        }
        return Diagnostic(severity, file: file, line: use.position.line, column: use.position.column, text)
    }

    private enum Denial {
        /// No rule can allow it.
        case never(String)
        /// What is used, and the field that would have to be a list of these.
        case unless(String, field: String, list: [String])
    }

    private func denial(of power: Power) -> Denial? {
        switch power {
        case .capability(let name):
            // Written out one by one: no pattern gives a capability that nobody has thought of.
            return capabilities.allowed.contains(name) ? nil : words("capability '\(name)'", "capabilities", capabilities, name)
        case .secretFile(let name):
            if secrets.allowed.contains(where: { Self.secret($0, "file:", name) }) { return nil }
            return words("secret file '\(name)'", "secrets", secrets, "\"file:\(name)\"")
        case .secretPath(let path):
            if secrets.allowed.contains(where: { Self.secret($0, "age:", path) }) { return nil }
            return words("secret '\(path)'", "secrets", secrets, Self.quoted("age:\(path)"))
        case .network(let name):
            return Self.any(networks, name) ? nil : words("network '\(name)'", "networks", networks, name)
        case .volume(let name): return Self.any(volumes, name) ? nil : words("volume '\(name)'", "volumes", volumes, name)
        case .runtime(let name): return Self.any(runtimes, name) ? nil : words("runtime '\(name)'", "runtimes", runtimes, name)
        case .image(let reference):
            // The usual case, ten thousand times over.
            if registries.allowed.contains("*") { return nil }
            let image = ImageName(reference)
            if registries.allowed.contains(where: image.isOf) { return nil }
            return words("registry '\(image.registry)'", "registries", registries, Self.quoted(image.registry))
        case .port(let port): return denial(ofPort: port)
        case .download(let url):
            guard let source = DownloadSource(url) else { return nil }
            if downloads.allowed.contains(where: { source.isOf($0) }) { return nil }
            if downloads.allowed.contains("public"), !source.isPrivateAddress { return nil }
            let what = source.isPrivateAddress ? "a download from the private address" : "a download from"
            return words("\(what) '\(source.host)'", "downloads", downloads, Self.quoted(source.place))
        }
    }

    private func denial(ofPort port: Int) -> Denial? {
        if let own = reserved.first(where: { $0.ports.contains(port) }) {
            return .never("expose \(port) is Curfew's own: \(own.owner); choose another port")
        }
        if ports.allowed.contains(where: { $0.contains(port) }) { return nil }
        let before = ports.isOrdinary ? ports.allowed : []
        return .unless("expose \(port)", field: "ports", list: before.map(Self.text) + ["\(port)"])
    }

    /// What is ordinary goes on being allowed by the line that is told.
    private func words(_ what: String, _ field: String, _ known: Field<String>, _ item: String) -> Denial {
        .unless(what, field: field, list: (known.isOrdinary ? known.allowed.map(Self.quoted) : []) + [item])
    }

    private static func text(_ ports: ClosedRange<Int>) -> String {
        ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || "_.-".utf8.contains($0)
        }
        if isPlain, text.utf8.first.map({ $0 != 0x2D }) ?? false { return text }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func any(_ field: Field<String>, _ name: String) -> Bool {
        // Most rules need no pattern, and ten thousand workloads ask.
        field.allowed.contains { $0 == "*" || $0 == name || ($0.utf8.contains(0x2A) && WordPattern($0).matches(name)) }
    }

    /// A rule that says neither `file:` nor `age:` means no secret: the two kinds share no names by accident.
    private static func secret(_ rule: String, _ kind: String, _ name: String) -> Bool {
        rule.hasPrefix(kind) && WordPattern(String(rule.dropFirst(kind.count))).matches(name)
    }
}
