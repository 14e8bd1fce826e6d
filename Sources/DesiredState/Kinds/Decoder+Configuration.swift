internal import CurfewModel

extension Decoder {
    /// Reads `curfew.yaml`; `nil` or problems when something is wrong.
    /// - Parameter folder: absolute; relative paths begin there.
    func configuration(_ root: Int, folder: String) -> ServiceConfiguration? {
        guard let top = record(root, "the configuration", as: ConfigurationField.self) else { return nil }
        if let node = top[.apiVersion] { _ = choice(node, "apiVersion", [EnvelopeField.version]) }
        if let node = top[.kind] { _ = choice(node, "kind", ["Configuration"]) }
        let repository = top[.repository].flatMap { self.repository($0, folder: folder) }
        var configuration = ServiceConfiguration(repository: repository ?? .init(url: ""))
        if let node = top[.state] { configuration.state = path(node, "state", folder: folder) ?? configuration.state }
        if let node = top[.identity] { configuration.identity = identity(node, folder: folder) }
        // After the identity: with signatures it needs a key.
        if let node = top[.trust] { trust(node, &configuration) }
        if let node = top[.edge] { configuration.edge = edge(node) }
        if let node = top[.prune], let prune = record(node, "prune", as: PruneField.self), let node = prune[.limit] {
            configuration.pruneLimit = number(node, "prune.limit", ConfigurationRules.limit) ?? 0.5
        }
        if let node = top[.limits] { configuration.limits = limits(node) }
        if let node = top[.observe], let observe = record(node, "observe", as: ObserveField.self),
            let node = observe[.interval], let interval = span(node, "observe.interval", ConfigurationRules.observe)
        {
            configuration.observeInterval = interval
        }
        if let node = top[.runtimes] { configuration.runtimes = runtimes(node, folder: folder) }
        if let node = top[.secrets], let record = record(node, "secrets", as: SecretsField.self) {
            configuration.secrets.folder = record[.folder].flatMap { path($0, "secrets.folder", folder: folder) }
            configuration.secrets.identity = record[.identity].flatMap { path($0, "secrets.identity", folder: folder) }
        }
        if let node = top[.notifications] { configuration.notifications = notifications(node, folder: folder) }
        if let node = top[.recordings] { configuration.recordings = recordings(node) }
        if let node = top[.api] { configuration.api = api(node, folder: folder) }
        if let node = top[.allow] { configuration.allow = allow(node) }
        // After the runtimes: a way in names one of them.
        if let node = top[.access] {
            configuration.backends = backends(node, folder: folder, runtimes: configuration.runtimes)
        }
        return repository == nil ? nil : configuration
    }

    private func repository(_ node: Int, folder: String) -> ServiceConfiguration.Repository? {
        guard let record = record(node, "repository", as: RepositoryField.self) else { return nil }
        var mirrors: [String] = []
        if let node = record[.mirrors] {
            list(node, "mirrors", count: ConfigurationRules.mirrors) { item in
                if let url = remote(item, "mirror", folder: folder) { mirrors.append(url) }
            }
        }
        let url = record[.url].flatMap { remote($0, "repository.url", folder: folder) }
        let branch = record[.branch].map { self.branch($0) } ?? "main"
        let timeout = record[.timeout].flatMap { span($0, "repository.timeout", ConfigurationRules.timeout) }
        let interval = record[.interval].flatMap { span($0, "repository.interval", ConfigurationRules.poll) }
        let fetch = record[.maxFetch].flatMap { bytes($0, "repository.maxFetch", ConfigurationRules.fetch) }
        let credentials = record[.credentials].map { self.credentials($0, folder: folder) } ?? .init()
        guard let url, let branch else { return nil }
        return .init(
            url: url, branch: branch, mirrors: mirrors, timeout: timeout ?? .seconds(60), interval: interval ?? .seconds(30),
            maxFetch: fetch ?? ByteCount(512 << 20), credentials: credentials)
    }

    /// A Git URL or a path. A password in it would end up in logs and process lists, so it is refused.
    private func remote(_ node: Int, _ label: String, folder: String) -> String? {
        guard let text = string(node, label, maximum: 2048) else { return nil }
        if text.isEmpty || text.hasPrefix("-") || text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            report(node, "\(label) must not be empty, begin with '-' or hold spaces or control characters")
            return nil
        }
        guard let scheme = text.firstRange(of: "://") else {
            // `host:path` is SSH's short form; everything else is a path.
            let head = text.prefix { $0 != "/" }
            return head.contains(":") ? text : Self.absolute(text, folder: folder)
        }
        let known = ["file", "https", "http", "ssh", "git"]
        let word = String(text[..<scheme.lowerBound])
        guard known.contains(word) else {
            report(node, "\(label) has the unknown scheme '\(word.prefix(20))'; known are \(known.joined(separator: ", "))")
            return nil
        }
        let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") || word.hasPrefix("http") {
            report(node, "\(label) holds credentials; put them into files and name these in repository.credentials")
            return nil
        }
        return text
    }

    /// A branch name by Git's rules, as far as they keep it from being something else.
    private func branch(_ node: Int) -> String? {
        guard let text = string(node, "repository.branch", maximum: 255) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let odd = parts.contains { $0.isEmpty || $0.hasPrefix(".") || $0.hasSuffix(".lock") || $0.hasSuffix(".") }
        let forbidden = text.unicodeScalars.contains {
            $0.value <= 0x20 || $0.value == 0x7F || " ~^:?*[\\".unicodeScalars.contains($0)
        }
        if odd || forbidden || text.hasPrefix("-") || text.contains("..") || text.contains("@{") || text == "@" {
            report(node, "repository.branch '\(text.prefix(80))' is no valid name of a branch; write it without refs/heads/")
            return nil
        }
        return text
    }

    private func credentials(_ node: Int, folder: String) -> ServiceConfiguration.Credentials {
        var result = ServiceConfiguration.Credentials()
        guard let record = record(node, "credentials", as: CredentialsField.self) else { return result }
        result.username = record[.username].flatMap { string($0, "username", maximum: 256) }
        result.tokenFile = record[.tokenFile].flatMap { path($0, "tokenFile", folder: folder) }
        result.sshKeyFile = record[.sshKeyFile].flatMap { path($0, "sshKeyFile", folder: folder) }
        result.passphraseFile = record[.passphraseFile].flatMap { path($0, "passphraseFile", folder: folder) }
        result.knownHostsFile = record[.knownHostsFile].flatMap { path($0, "knownHostsFile", folder: folder) }
        result.caFile = record[.caFile].flatMap { path($0, "caFile", folder: folder) }
        if let node = record[.allowInsecure] { result.allowInsecure = bool(node, "allowInsecure") ?? false }
        return result
    }

    /// The path of a file or folder, made absolute.
    func path(_ node: Int, _ label: String, folder: String) -> String? {
        guard let text = string(node, label) else { return nil }
        if text.isEmpty || text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            report(node, "\(label) has to be a path, without control characters")
            return nil
        }
        return Self.absolute(text, folder: folder)
    }

    /// `path` seen from `folder`, without `.`, `..` and `//`.
    static func absolute(_ path: String, folder: String) -> String {
        var parts: [Substring] = []
        for part in (path.hasPrefix("/") ? path : folder + "/" + path).split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
