internal import CurfewModel

/// What runs in an instance: artifact, command, environment, and the placeholders in them.
extension Decoder {
    func artifact(_ node: Int, _ draft: inout Draft, takesTags: Bool) {
        guard let record = record(node, "artifact", as: ArtifactField.self) else { return }
        if let node = record[.path], let path = string(node, "artifact.path") {
            if let reason = Self.pathFault(path) {
                report(node, "artifact.path '\(path.prefix(80))' \(reason)")
            } else {
                draft.artifactPath = (RepositoryPath(path), position(node))
            }
        }
        if let node = record[.url], let url = string(node, "artifact.url", maximum: 2048) {
            let digest = record[.sha256].flatMap { sha256($0) }
            if let reason = Self.urlFault(url) {
                report(node, "artifact.url \(reason)")
            } else if let digest {
                draft.artifact = .url(url, sha256: digest)
                draft.uses.append(PowerUse(power: .download(url), position: position(node)))
            }
        }
        if let node = record[.image], let image = string(node, "artifact.image", maximum: 512) {
            draft.uses.append(PowerUse(power: .image(image), position: position(node)))
            if Self.isPinned(image) {
                draft.artifact = .image(image)
            } else if takesTags, Self.isRepository(image) {
                (draft.artifact, draft.tag) = (.image(image), (image, position(node)))
            } else {
                let way = takesTags ? "or a tag, such as registry/app:1.2" : "a tag can change under a running system"
                report(
                    node,
                    "artifact.image '\(image.prefix(80))' has to name a digest, such as registry/app@sha256:… (64 hexadecimal digits): \(way)"
                )
            }
        }
    }

    private func sha256(_ node: Int) -> String? {
        guard let text = string(node, "artifact.sha256") else { return nil }
        if text.utf8.count == 64, text.utf8.allSatisfy(\.isLowerHexadecimal) { return text }
        report(node, "artifact.sha256 has to be 64 lower-case hexadecimal digits")
        return nil
    }

    /// What is wrong with a path in the repository, `nil` when it is relative, normalised and printable.
    static func pathFault(_ path: String) -> String? {
        if path.isEmpty { return "is empty" }
        if path.utf8.first == UInt8(ascii: "/") { return "has to be relative to the repository's root" }
        if path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "holds control characters" }
        let parts = RepositoryPath(path).names
        if parts.contains("..") { return "leaves its folder with '..'" }
        if parts.contains(where: { $0.bytes.isEmpty || $0 == "." }) {
            return "has to be written without '.', '//' and a final '/'"
        }
        return nil
    }

    static func urlFault(_ url: String) -> String? {
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else { return "has to begin with https:// or http://" }
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "holds spaces, control or non-ASCII characters"
        }
        let authority = url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.isEmpty { return "names no host" }
        // Credentials in a manifest are readable by everybody who may read the repository.
        if authority.contains("@") { return "holds credentials; they do not belong in a repository" }
        if DownloadSource(url) == nil { return "names no usable host and port" }
        return nil
    }

    static func isPinned(_ image: String) -> Bool {
        let parts = image.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, isRepository(String(parts[0])), parts[1].hasPrefix("sha256:") else { return false }
        let digits = parts[1].utf8.dropFirst(7)
        return digits.count == 64 && digits.allSatisfy(\.isLowerHexadecimal)
    }

    /// A reference without a digest: lower-case words between slashes, a port after the host, a tag.
    private static func isRepository(_ image: String) -> Bool {
        guard let first = image.utf8.first, (0x61...0x7A).contains(first) || (0x30...0x39).contains(first) else { return false }
        return image.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || "._:/-".utf8.contains($0)
        } && !image.contains("//") && !image.hasSuffix("/") && !image.hasSuffix(":")
    }

    /// An argument vector.
    func command(_ node: Int, _ label: String, ports: [Port], isProgram: Bool = true) -> [String]? {
        var words: [String] = []
        words.reserveCapacity(min(Int(yaml.nodes[resolve(node)].count), WorkloadRules.words.upperBound))
        list(node, label, count: WorkloadRules.words) { item in
            guard let word = string(item, label, maximum: WorkloadRules.word) else { return }
            if isProgram, words.isEmpty, word.isEmpty {
                report(item, "\(label) begins with an empty word; it has to name a program")
            }
            placeholders(item, word, label, ports: ports)
            words.append(word)
        }
        return words.isEmpty ? nil : words
    }

    func environment(_ node: Int, ports: [Port]) -> [String: String] {
        var result: [String: String] = [:]
        pairs(node, "env", maximum: WorkloadRules.entries) { key, value in
            let name = yaml.string(key)
            guard Self.isEnvironmentName(name) else {
                return report(
                    key, "env name '\(name.prefix(80))' has to be of letters, digits and _, not beginning with a digit")
            }
            guard let text = string(value, "env \(name)", maximum: WorkloadRules.word) else { return }
            placeholders(value, text, "env \(name)", ports: ports)
            result[name] = text
        }
        return result
    }

    private static func isEnvironmentName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.count <= 256 else { return false }
        return name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
        }
    }

    /// Refuses `$(…)` that stands for nothing: it would reach the program as it is. `$$(` is a `$(` of the program's own.
    private func placeholders(_ node: Int, _ text: String, _ label: String, ports: [Port]) {
        guard text.utf8.contains(0x24) else { return }
        let bytes = Array(text.utf8)
        var index = 0
        while index + 1 < bytes.count {
            guard bytes[index] == 0x24 else {
                index += 1
                continue
            }
            if bytes[index + 1] == 0x24, index + 2 < bytes.count, bytes[index + 2] == 0x28 {
                index += 3
                continue
            }
            guard bytes[index + 1] == 0x28 else {
                index += 1
                continue
            }
            guard let end = bytes[index...].firstIndex(of: 0x29) else {
                return report(node, "\(label): '$(' is not closed; write '$$(' for the characters themselves")
            }
            let name = String(decoding: bytes[(index + 2)..<end], as: UTF8.self)
            index = end + 1
            if name == "HOST" || name == "PORT" && !ports.isEmpty { continue }
            let known = ["HOST"] + (ports.isEmpty ? [] : ["PORT"] + ports.map(\.variable))
            if !known.contains(name) {
                let hint = ports.isEmpty ? "; this workload has no ports" : Spelling.hint(name, among: known)
                report(
                    node,
                    "\(label): nothing is called '$(\(name.prefix(40)))'\(hint); write '$$(' for the characters themselves")
            }
        }
    }
}
