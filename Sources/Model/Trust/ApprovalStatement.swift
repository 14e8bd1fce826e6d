/// What exactly somebody approves: the last lines of an approval tag's message, and nothing else in it counts.
///
/// ```
/// Curfew-Approve: <blob of the grant's file, or commit>
/// Curfew-Root: <the commit that trust.root pins>
/// Curfew-Path: grants/<name>.yaml          # for a grant alone
/// ```
public struct ApprovalStatement: Hashable, Sendable {
    /// The blob of a grant's file, or a commit.
    public var target: ObjectID
    /// The repository: the commit that its service pins as `trust.root`.
    public var root: ObjectID
    /// Where the grant's file is; `nil` for a commit.
    public var path: String?

    /// Makes a statement.
    public init(target: ObjectID, root: ObjectID, path: String?) {
        (self.target, self.root, self.path) = (target, root, path)
    }

    private static let approve = "Curfew-Approve: "
    private static let repository = "Curfew-Root: "
    private static let file = "Curfew-Path: "

    /// The whole message of a tag.
    /// - Parameter title: one line for people.
    public func message(title: String) -> String { "\(title)\n\n\(lines.joined(separator: "\n"))\n" }

    private var lines: [String] {
        [Self.approve + target.hex, Self.repository + root.hex] + (path.map { [Self.file + $0] } ?? [])
    }

    /// Reads a message; `nil` unless its last paragraph is exactly these lines and no other line begins with `Curfew-`.
    public init?(message: String) {
        var lines = message.utf8.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        let block = lines.suffix(while: { !$0.isEmpty }).map { String(decoding: $0, as: UTF8.self) }
        guard lines.count > block.count, !lines.dropLast(block.count).contains(where: { $0.starts(with: "Curfew-".utf8) }),
            block.count == 2 || block.count == 3, let target = Self.id(block[0], Self.approve),
            let root = Self.id(block[1], Self.repository)
        else { return nil }
        (self.target, self.root) = (target, root)
        if block.count == 3 {
            guard block[2].utf8.starts(with: Self.file.utf8) else { return nil }
            path = String(decoding: block[2].utf8.dropFirst(Self.file.utf8.count), as: UTF8.self)
        }
    }

    private static func id(_ line: String, _ key: String) -> ObjectID? {
        line.utf8.starts(with: key.utf8) ? ObjectID(String(decoding: line.utf8.dropFirst(key.utf8.count), as: UTF8.self)) : nil
    }
}

extension Array {
    /// The longest end whose elements all satisfy `predicate`.
    fileprivate func suffix(while predicate: (Element) -> Bool) -> ArraySlice<Element> {
        let start = lastIndex { !predicate($0) }.map { $0 + 1 } ?? startIndex
        return self[start...]
    }
}

extension ApprovalTag {
    /// What it approves; `nil` when its message does not say it in exactly the form that counts.
    public var statement: ApprovalStatement? { ApprovalStatement(message: message) }
}
