internal import CurfewModel

/// Checks the files of `policies/` as far as this release can: syntax, limits, envelope and kind.
struct PolicyCheck {
    let limits: LoadLimits

    func diagnostics(_ tree: any FileTree, _ folder: ObjectID) throws -> [Diagnostic] {
        var result: [Diagnostic] = [
            Diagnostic(.warning, file: "policies", "policies/ is read but not enforced: trust.mode is none")
        ]
        var walk = TreeWalk("policies", folder, shallow: false)
        let yaml = YAMLReader(limits: limits)
        let decoder = Decoder(yaml)
        while let files = try walk.files(in: tree, artifacts: []) {
            for file in files {
                let read = try tree.withBlob(file.blob, limit: limits.fileSize) { bytes in
                    yaml.read(bytes)
                    decoder.reset()
                    for root in yaml.documents { _ = decoder.envelope(root, in: "policies") }
                    return yaml.problems + decoder.problems
                }
                switch read {
                case .value(let problems): result += problems.map { Diagnostic($0, file: file.path) }
                case .tooLarge(let size):
                    result.append(Diagnostic(file: file.path, YAMLReader.tooLarge(size: size, limit: limits.fileSize)))
                }
            }
        }
        return result + walk.diagnostics
    }
}
