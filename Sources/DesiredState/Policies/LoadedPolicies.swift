public import CurfewModel

/// `policies/` of one revision.
public struct LoadedPolicies: Sendable {
    /// What it says; only to be relied on when ``isBroken`` is false.
    public var set: PolicySet
    /// What is wrong.
    public var diagnostics: [Diagnostic]
    /// Whether anything in it is an error: then the whole of it is held.
    public var isBroken: Bool

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

    /// Makes grants.
    public init(tree: ObjectID?, files: [GrantFile], broken: [BrokenGrant]) {
        (self.tree, self.files, self.broken) = (tree, files, broken)
    }
}

/// Writes a grant's file so that it parses back to the same value.
public enum GrantWriter {
    /// YAML of at most 16 KiB.
    public static func yaml(_ grant: Grant) -> String {
        var lines = [
            "apiVersion: curfew/v1", "kind: Grant", "metadata: { name: \(grant.name) }", "spec:", "  person: \(grant.person)",
            "  role: \(grant.role)", "  duration: \(grant.duration)", "  reason: \(quoted(grant.reason))",
        ]
        if let moment = grant.notBefore { lines.append("  notBefore: \(moment.timestamp)") }
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
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
