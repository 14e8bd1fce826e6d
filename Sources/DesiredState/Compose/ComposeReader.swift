internal import CurfewModel

/// Goes through one Compose file and collects workloads and notes. Not thread-safe; used once.
final class ComposeReader {
    /// Most notes of one file.
    static let noteLimit = 1000
    /// Most bytes of a key: it stands in the path of every note below it.
    static let longestKey = 256
    /// Most bytes that values may have together, variables replaced and files read: a short text can stand for a long one.
    static let largest = 16 << 20

    let file: String
    let options: ComposeOptions
    let beside: (String) throws(ComposeFileFault) -> [UInt8]
    private(set) var notes: [ImportNote] = []
    private var told: Set<ImportNote> = []
    /// How often an error was told; a service during which it grows is not carried over.
    private(set) var errors = 0
    var finished: [ImportedWorkload] = []
    /// Bytes of values so far.
    private var size = 0
    /// Values that `extends` has made so far.
    var extendedCount = 0

    /// The file's top level.
    var root = ComposeNode(value: .map([]), position: Position(line: 1, column: 1))
    /// Goes before the names of networks.
    var project = ""
    /// Services as they are after `extends`, by name.
    var services: [String: ComposeNode] = [:]
    /// Services that others wait for until they have ended.
    var jobs: Set<String> = []
    /// Top-level secrets, configs, volumes and networks that a service uses, as `secrets.name`.
    var used: Set<String> = []
    /// The service that has an exposed port, by port.
    var exposed: [Int: String] = [:]
    /// The service that has a named volume.
    var volumeOwner: [String: String] = [:]

    init(file: String, options: ComposeOptions, beside: @escaping (String) throws(ComposeFileFault) -> [UInt8]) {
        (self.file, self.options, self.beside) = (file, options, beside)
    }

    /// Tells something, once.
    func tell(_ severity: ImportNote.Severity, _ position: Position, _ path: String, _ message: String) {
        if severity == .error { errors += 1 }
        let note = ImportNote(
            severity, file: file, line: position.line, column: position.column, path: String(path.prefix(400)),
            String(message.prefix(1000)))
        guard told.count < Self.noteLimit, told.insert(note).inserted else { return }
        notes.append(note)
        if told.count == Self.noteLimit {
            notes.append(ImportNote(.error, file: file, "more than \(Self.noteLimit) notes; the rest is not told"))
        }
    }

    /// Tells that something is not carried over, or is carried over in another way.
    func note(_ node: ComposeNode, _ path: String, _ message: String) { tell(.note, node.position, path, message) }

    /// Tells why a service cannot be carried over.
    func fail(_ node: ComposeNode, _ path: String, _ message: String) { tell(.error, node.position, path, message) }

    /// A scalar's text with its variables replaced; tells an error for anything else, and for a secret that would get into
    /// a manifest this way.
    func text(_ node: ComposeNode, _ path: String) -> String? {
        guard let raw = node.raw, !node.isNull else {
            fail(node, path, "has to be a text, not \(node.words)")
            return nil
        }
        guard let expanded = expand(raw, node, path) else { return nil }
        if let name = expanded.used.first(where: { isSecret($0, options.variables[$0] ?? "") }) {
            fail(
                node, path,
                "holds the value of \(name), which looks like a secret, and a manifest is no place for one; let the program read it from a file in /run/secrets, or take the value for harmless with --keep-env \(name)"
            )
            return nil
        }
        return expanded.text
    }

    /// A text with its variables replaced; tells what is unset or wrong.
    func expand(_ raw: String, _ node: ComposeNode, _ path: String) -> Interpolation.Expanded? {
        do throws(Interpolation.Fault) {
            let expanded = try Interpolation.expand(raw) { options.variables[$0] }
            guard hasRoom(expanded.text.utf8.count, node, path) else { return nil }
            for name in expanded.unset {
                note(node, path, "variable \(name) is not set, and stands for nothing; set it with --env-file")
            }
            return expanded
        } catch {
            fail(node, path, error.message)
            return nil
        }
    }

    /// Counts bytes of a value; tells an error once there are too many.
    func hasRoom(_ bytes: Int, _ node: ComposeNode, _ path: String) -> Bool {
        size += bytes
        if size <= Self.largest { return true }
        fail(node, path, "the values of the file have more than \(Self.largest) bytes together")
        return false
    }

    func bool(_ node: ComposeNode, _ path: String) -> Bool? {
        guard let text = text(node, path) else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on", "y", "1": return true
        case "false", "no", "off", "n", "0": return false
        default:
            fail(node, path, "has to be true or false, not \(node.words)")
            return nil
        }
    }

    func integer(_ node: ComposeNode, _ path: String) -> Int? {
        guard let text = text(node, path) else { return nil }
        if let number = Int(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D }) { return number }
        fail(node, path, "has to be a whole number, not \(node.words)")
        return nil
    }

    func span(_ node: ComposeNode, _ path: String) -> Span? {
        guard let text = text(node, path) else { return nil }
        if let span = ComposeQuantity.span(text) { return span }
        fail(node, path, "has to be a duration such as 1m30s, not \(node.words)")
        return nil
    }

    /// A list; a single text counts as a list of one when `orText`.
    func list(_ node: ComposeNode, _ path: String, orText: Bool = false) -> [ComposeNode] {
        if let items = node.items { return items }
        if orText, node.raw != nil, !node.isNull { return [node] }
        if !node.isNull { fail(node, path, "has to be a list, not \(node.words)") }
        return []
    }

    /// A list of texts.
    func texts(_ node: ComposeNode, _ path: String, orText: Bool = false) -> [(text: String, node: ComposeNode)] {
        list(node, path, orText: orText).enumerated().compactMap { index, item in
            text(item, "\(path)[\(index)]").map { ($0, item) }
        }
    }

    /// The pairs of a mapping, without extension fields (`x-…`), which mean nothing to Compose either.
    /// - Parameter named: the keys are names that somebody chose, which may begin with `x-` too.
    func fields(_ node: ComposeNode, _ path: String, named: Bool = false) -> [ComposeNode.Pair] {
        guard let pairs = node.pairs else {
            if !node.isNull { fail(node, path, "has to be a mapping, not \(node.words)") }
            return []
        }
        return pairs.filter { pair in
            if pair.key.utf8.count > Self.longestKey {
                tell(.error, pair.keyPosition, path, "a key has more than \(Self.longestKey) bytes")
                return false
            }
            return named || !pair.key.hasPrefix("x-")
        }
    }

    /// Tells of a field that nobody knows.
    func unknown(_ pair: ComposeNode.Pair, _ path: String, among names: [String]) {
        tell(
            .note, pair.keyPosition, "\(path).\(pair.key)",
            "is no field that is known here, and not carried over"
                + (notes.count < Self.noteLimit ? Spelling.hint(pair.key, among: names) : ""))
    }
}
