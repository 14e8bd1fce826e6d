public import CurfewModel

/// `policies/` of one revision.
public struct LoadedPolicies: Sendable {
    /// What it says; only to be relied on when ``isBroken`` is false.
    public var set: PolicySet
    /// What is wrong.
    public var diagnostics: [Diagnostic]
    /// Whether anything in it is an error: then the whole of it is held.
    public var isBroken: Bool
    /// Workloads that roles name, with their places: whether they are there is known with `manifests/` only.
    var touches: [(file: String, reference: Reference)] = []

    /// Makes policies.
    public init(set: PolicySet, diagnostics: [Diagnostic], isBroken: Bool) {
        (self.set, self.diagnostics, self.isBroken) = (set, diagnostics, isBroken)
    }
}

/// `grants/` of one revision; each file stands alone.
public struct LoadedGrants: Sendable {
    /// The tree of `grants/`, `nil` when there is none.
    public var tree: ObjectID?
    /// What can be read, by path.
    public var files: [GrantFile]
    /// What cannot.
    public var broken: [BrokenGrant]
    /// What must not be read, and why: it is neither there nor gone.
    public var setAside: [SetAsideGrant] = []

    /// Makes grants.
    public init(tree: ObjectID?, files: [GrantFile], broken: [BrokenGrant]) {
        (self.tree, self.files, self.broken) = (tree, files, broken)
    }
}

/// A file of `grants/` that nobody has read, since reading it may end the process.
public struct SetAsideGrant: Hashable, Sendable {
    /// Its path from the root.
    public var path: RepositoryPath
    /// Its blob.
    public var blob: ObjectID
    /// Why.
    public var reason: String
}

/// Writes a grant's file so that it parses back to the same value.
public enum GrantWriter {
    /// YAML of at most 16 KiB.
    public static func yaml(_ grant: Grant) -> String {
        var lines = [
            "apiVersion: curfew/v1", "kind: Grant", "metadata: { name: \(grant.name) }", "spec:", "  person: \(grant.person)",
            "  role: \(grant.role)", "  duration: \(grant.duration)", "  reason: \(quoted(grant.reason))",
        ]
        if let moment = grant.notBefore { lines.append("  notBefore: \(Timestamp.text(moment))") }
        if grant.breakGlass { lines.append("  breakGlass: true") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A double-quoted scalar: what follows from a text never leaves its quotes.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default:
                // What YAML does not take as it is, or folds away at the end of a line.
                let isPlain =
                    (0x20...0x7E).contains(scalar.value) || (0xA0...0xD7FF).contains(scalar.value)
                    || (0xE000...0xFFFD).contains(scalar.value) || scalar.value >= 0x10000
                if isPlain, scalar.value != 0xFEFF, !(0x2028...0x2029).contains(scalar.value) {
                    result.unicodeScalars.append(scalar)
                } else {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\U" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
                }
            }
        }
        return result + "\""
    }
}
