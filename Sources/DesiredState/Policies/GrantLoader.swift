internal import CurfewModel

/// Reads one file of `grants/`.
struct GrantLoader {
    let limits: LoadLimits

    /// What a blob says, whatever its file is called.
    enum Outcome: Sendable {
        case grant(Grant, Position)
        case broken([Problem], name: (Name, Position)?)
    }

    func read(_ blob: ObjectID, _ tree: any FileTree) throws -> Outcome {
        let size = min(limits.fileSize, PolicyRules.grantFile)
        let yaml = YAMLReader(limits: limits)
        let decoder = Decoder(yaml)
        let read = try tree.withBlob(blob, limit: size) { bytes -> Outcome in
            yaml.read(bytes)
            var grant: (Grant, Position)?
            var written: (Name, Position)?
            for (index, root) in yaml.documents.enumerated() {
                guard index == 0 else {
                    decoder.report(root, "a file of grants/ holds one grant; this is another one")
                    continue
                }
                let envelope = decoder.envelope(root, in: "grants")
                written = envelope.name.map { ($0, envelope.namePosition) }
                if envelope.kind == .grant, let name = envelope.name, let spec = envelope.spec,
                    let value = decoder.grant(spec, name)
                {
                    grant = (value, envelope.namePosition)
                }
            }
            let problems = yaml.problems + decoder.problems
            if problems.isEmpty, let grant { return .grant(grant.0, grant.1) }
            return .broken(
                problems.isEmpty
                    ? [Problem(position: Position(line: 0, column: 0), message: "the file holds no grant")] : problems,
                name: written)
        }
        switch read {
        case .value(let outcome): return outcome
        case .tooLarge(let bytes):
            return .broken(
                [
                    Problem(
                        position: Position(line: 0, column: 0),
                        message: "the file has \(bytes) bytes; a grant has at most \(size)")
                ], name: nil)
        }
    }

    /// Puts a blob's meaning and the place of its file together.
    static func place(_ outcome: Outcome?, _ entry: FileEntry) -> Result<GrantFile, Broken> {
        let path = RepositoryPath("grants").appending(entry.name)
        let shown = path.shown
        func broken(_ message: String, _ position: Position = Position(line: 0, column: 0)) -> Result<GrantFile, Broken> {
            .failure(
                Broken(
                    grant: BrokenGrant(
                        path: path, blob: entry.id,
                        diagnostics: [Diagnostic(file: shown, line: position.line, column: position.column, message)])))
        }
        guard entry.name.isPlain else { return broken(TreeWalk.oddName) }
        switch entry.kind {
        case .folder: return broken("grants lie directly in grants/, not in folders below it")
        case .symlink: return broken("a symbolic link is never followed; put the file itself here")
        case .submodule: return broken("a submodule is never fetched; put the file itself here")
        case .file, .executable: break
        }
        switch outcome {
        case nil: return broken("it cannot be read")
        case .broken(let problems, let name)?:
            // Everything at once: what the file says, and that it is called otherwise.
            var diagnostics = problems.map { Diagnostic($0, file: shown) }
            if let name, let fault = misnamed(entry, name.0) {
                diagnostics.append(Diagnostic(file: shown, line: name.1.line, column: name.1.column, fault))
            }
            return .failure(
                Broken(grant: BrokenGrant(path: path, blob: entry.id, diagnostics: diagnostics.inOrder)))
        case .grant(let grant, let position)?:
            if let fault = misnamed(entry, grant.name) { return broken(fault, position) }
            return .success(GrantFile(grant: grant, path: path, blob: entry.id))
        }
    }

    private static func misnamed(_ entry: FileEntry, _ name: Name) -> String? {
        entry.name == FileName("\(name).yaml") ? nil : "the file has to be called \(name).yaml, as metadata.name says"
    }

    struct Broken: Error { var grant: BrokenGrant }

    /// What is no grant and claims to be none: a README, a placeholder.
    static func isIgnored(_ entry: FileEntry) -> Bool {
        (entry.kind == .file || entry.kind == .executable) && !TreeWalk.isManifest(entry.name) && entry.name.isPlain
    }
}
