import CurfewModel

/// What is taken from a clone's own configuration. Whoever hands a clone on writes it, and git runs programs that it names, so
/// git itself never reads it here: names, addresses and keys are copied, nothing else counts. The person's global
/// configuration counts as it is.
struct CloneConfiguration {
    /// What counts, as `section.subsection.key` and its value, in order.
    private(set) var values: [(key: String, value: String)] = []
    /// What is set there and would have mattered: the key's names.
    private(set) var ignored: [String] = []

    /// - Parameters:
    ///   - listed: what `git config --file … --no-includes -z --list` prints.
    ///   - remote: the remote that is used; no other is copied.
    init(listed: [UInt8], remote: String) {
        for record in listed.split(separator: 0) {
            let parts = record.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(decoding: parts[0], as: UTF8.self)
            let value = parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : ""
            let isPlain = key.unicodeScalars.allSatisfy(Self.isPlain) && value.unicodeScalars.allSatisfy(Self.isPlain)
            if isPlain, Self.isTaken(key, remote: remote) {
                values.append((key, value))
            } else if Self.mattered(key) {
                ignored.append(key.escapingControls)
            }
        }
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= 0x20 && scalar.value != 0x7F }

    private static func isTaken(_ key: String, remote: String) -> Bool {
        let known = ["user", "author", "committer"].flatMap { ["\($0).name", "\($0).email"] }
        if known.contains(key) || key == "user.signingkey" || key == "extensions.partialclone" { return true }
        // Data of one remote, and of branches (for `@{upstream}`); what begins with `remote.` may also name programs.
        if ["url", "pushurl", "promisor", "partialclonefilter"].contains(where: { key == "remote.\(remote).\($0)" }) {
            return true
        }
        if key.hasPrefix("branch."), key.hasSuffix(".merge") || key.hasSuffix(".remote") { return true }
        // How jobs of a forge get their token; sent to the address that it names alone.
        return key.hasPrefix("http.") && key.hasSuffix(".extraheader")
    }

    /// Whether somebody may have put it there on purpose and would miss it.
    private static func mattered(_ key: String) -> Bool {
        let prefixes = ["credential.", "http.", "url.", "gpg.", "ssh.", "protocol.", "include.", "includeif."]
        return prefixes.contains(where: key.hasPrefix)
            || ["core.sshcommand", "core.askpass", "core.gitproxy"].contains(key)
    }

    /// The addresses that are fetched from and pushed to.
    func addresses(of remote: String) -> [String] {
        values.filter { $0.key == "remote.\(remote).url" || $0.key == "remote.\(remote).pushurl" }.map(\.value)
    }

    /// The text of a configuration file that says this and nothing else.
    /// - Parameter folder: an empty one, as the work tree.
    func text(workTree folder: String) -> String {
        var lines = [
            "[core]", "\trepositoryformatversion = 1", "\tbare = false", "\tlogAllRefUpdates = false",
            "\tworktree = \"\(Self.escaped(folder))\"",
        ]
        for (key, value) in values {
            guard let first = key.firstIndex(of: "."), let last = key.lastIndex(of: ".") else { continue }
            let (section, name) = (key[..<first], key[key.index(after: last)...])
            let middle = first < last ? " \"\(Self.escaped(String(key[key.index(after: first)..<last])))\"" : ""
            lines += ["[\(section)\(middle)]", "\t\(name) = \"\(Self.escaped(value))\""]
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}
