internal import CurfewModel

extension ComposeReader {
    /// `secrets` and `configs` of a service: files in `/run/secrets`.
    func secrets(_ node: ComposeNode, _ path: String, _ kind: String, _ draft: inout ComposeDraft) {
        for (index, item) in list(node, path).enumerated() {
            let place = "\(path)[\(index)]"
            var target: String?
            guard let source = text(item["source"] ?? item, place) else { continue }
            for field in item.pairs == nil ? [] : fields(item, place) {
                switch field.key {
                case "source": break
                case "target": target = text(field.value, "\(place).target")
                case "uid", "gid", "mode":
                    note(field.value, "\(place).\(field.key)", "is not carried over: the file is for the instance's user alone")
                default: unknown(field, place, among: ["source", "target", "uid", "gid", "mode"])
                }
            }
            guard root[kind]?.pairs?.contains(where: { $0.key == source }) == true else {
                fail(item, place, "'\(source.prefix(80))' is not declared under '\(kind)'")
                continue
            }
            used.insert("\(kind).\(source)")
            give(source, target, kind, item, place, &draft)
        }
    }

    private func give(
        _ source: String, _ target: String?, _ kind: String, _ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft
    ) {
        let asked = target ?? (kind == "configs" ? "/\(source)" : source)
        let file = String(asked.split(separator: "/").last ?? "")
        let given = "/run/secrets/\(file)"
        guard Self.isFileName(file), let name = Self.label(source) else {
            return fail(
                node, path,
                "'\(asked.prefix(80))' cannot be a file in /run/secrets; give it a name of letters, digits and '._-'")
        }
        guard draft.workload.secrets.count < WorkloadRules.entries else {
            return fail(node, path, "a workload has at most \(WorkloadRules.entries) secrets")
        }
        guard !draft.workload.secrets.contains(where: { $0.path == given }) else {
            return note(node, path, "\(given) is there already")
        }
        if asked.hasPrefix("/") ? asked != given : asked != file {
            note(
                node, path,
                "is given as \(given), because secrets are files there alone; let the program read it there, in place of \(asked.prefix(80))"
            )
        }
        draft.workload.secrets.append(SecretFile(path: given, source: .file(name)))
        let declared = root[kind]?[source]
        let origin = (declared?["file"]).flatMap { text($0, "\(kind).\(source).file") }
        let from = origin.map { "'\($0.prefix(120))'" } ?? "its content"
        note(
            node, path,
            "put \(from) as '\(name)' into the service's secrets folder (secrets.folder); or encrypt it into the repository with `age -r … -o secrets/\(name).age`, and write age: secrets/\(name).age instead of file: \(name)"
        )
    }

    private static func isFileName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasPrefix("-")
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "._-".utf8.contains($0)
            }
    }
}
