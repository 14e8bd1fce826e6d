internal import CLibYAML

/// Reads one file after the other into flat nodes; its buffers are kept, so reading a small file allocates next to
/// nothing. Not thread-safe: one reader a thread.
final class YAMLReader {
    /// What is allowed in one file.
    let limits: LoadLimits
    /// The merge key `<<` is let through as a key like others; whoever reads the nodes has to follow it.
    let allowsMergeKeys: Bool
    /// The nodes of all documents of the file.
    var nodes: ContiguousArray<YAMLNode> {
        @inline(__always) _read { yield state.pointee.nodes }
    }
    /// The text of all scalars, one after the other.
    var text: ContiguousArray<UInt8> {
        @inline(__always) _read { yield state.pointee.text }
    }
    /// Index of the root node of each document; empty documents are left out.
    var documents: [Int] { state.pointee.documents }
    /// What is wrong with the YAML itself.
    var problems: [Problem] { state.pointee.problems }
    /// The reading stopped early, so there may be documents that nobody has seen.
    var stopped: Bool { state.pointee.stopped }

    /// A container that has begun and not ended.
    private struct Open {
        var node: Int
        var anchor: String?
        var countBefore: Int
        var deepest: Int
    }
    /// An anchor and what its aliases cost.
    private struct Anchor {
        var node: Int
        /// Nodes with everything expanded; `nil` while the container is still open.
        var count: Int?
        var height: Int
    }
    private struct State {
        var nodes: ContiguousArray<YAMLNode> = []
        var text: ContiguousArray<UInt8> = []
        var documents: [Int] = []
        var problems: [Problem] = []
        var stopped = false
        var open: [Open] = []
        var anchors: [String: Anchor] = [:]
        /// Nodes of this document, aliases expanded.
        var count = 0
    }
    /// Behind a pointer, because Swift checks each access to a class's own variables for overlap at run time: a tenth of
    /// the time that a cold load takes. The pointer never leaves this class.
    private let state: UnsafeMutablePointer<State>
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    init(limits: LoadLimits, allowsMergeKeys: Bool = false) {
        (self.limits, self.allowsMergeKeys) = (limits, allowsMergeKeys)
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        parser = .allocate(capacity: 1)
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
        parser.deallocate()
    }

    /// Reads a whole file; afterwards ``documents`` and ``problems`` are those of this file.
    func read(_ bytes: UnsafeRawBufferPointer) {
        state.pointee.nodes.removeAll(keepingCapacity: true)
        state.pointee.text.removeAll(keepingCapacity: true)
        state.pointee.documents.removeAll(keepingCapacity: true)
        state.pointee.problems.removeAll()
        state.pointee.open.removeAll(keepingCapacity: true)
        state.pointee.stopped = false
        guard let start = bytes.bindMemory(to: UInt8.self).baseAddress, !bytes.isEmpty else { return }
        if bytes.count > limits.fileSize {
            return stop(Position(line: 0, column: 0), Self.tooLarge(size: bytes.count, limit: limits.fileSize))
        }
        // libyaml would take UTF-16; one encoding is enough, and two readings of one file are one too many.
        if bytes.count >= 2, (start[0] == 0xFF && start[1] == 0xFE) || (start[0] == 0xFE && start[1] == 0xFF) {
            return stop(Position(line: 1, column: 1), "the file is UTF-16; save it as UTF-8")
        }
        guard yaml_parser_initialize(parser) == 1 else {
            return stop(Position(line: 0, column: 0), "out of memory while reading YAML")
        }
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_input_string(parser, start, bytes.count)
        var event = yaml_event_t()
        while !state.pointee.stopped {
            guard yaml_parser_parse(parser, &event) == 1 else { return stopAtSyntaxError(bytes) }
            let type = event.type
            take(&event)
            yaml_event_delete(&event)
            if type == YAML_STREAM_END_EVENT { return }
        }
    }

    static func tooLarge(size: Int, limit: Int) -> String {
        "the file has \(size) bytes; at most \(limit) are allowed (limits.fileSize)"
    }

    private func take(_ event: inout yaml_event_t) {
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            state.pointee.count = 0
            if !state.pointee.anchors.isEmpty { state.pointee.anchors.removeAll() }
        case YAML_SCALAR_EVENT: scalar(&event)
        case YAML_SEQUENCE_START_EVENT:
            begin(
                .sequence, event.start_mark, anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            begin(.mapping, event.start_mark, anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: end()
        case YAML_ALIAS_EVENT: alias(event.data.alias.anchor, event.start_mark)
        default: break
        }
    }

    private func append(_ node: YAMLNode, weight: Int = 1) -> Bool {
        if state.pointee.open.isEmpty {
            // A document with nothing in it (a trailing `---`, only comments) is no document.
            if node.kind == .scalar, node.count == 0, node.plain { return false }
            state.pointee.documents.append(state.pointee.nodes.count)
        } else {
            state.pointee.nodes[state.pointee.open[state.pointee.open.count - 1].node].count += 1
        }
        state.pointee.count += weight
        if state.pointee.count > limits.nodes {
            stop(
                Position(line: Int(node.line), column: Int(node.column)),
                "the document has more than \(limits.nodes) nodes, aliases expanded (limits.nodes)")
            return false
        }
        state.pointee.nodes.append(node)
        return true
    }

    private func scalar(_ event: inout yaml_event_t) {
        let mark = event.start_mark
        let length = event.data.scalar.length
        let plain = event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
        var tag = YAMLNode.Tag.implicit
        if let written = event.data.scalar.tag { tag = self.tag(written, of: .scalar, at: mark) }
        let index = state.pointee.nodes.count
        let start = state.pointee.text.count
        if let value = event.data.scalar.value {
            state.pointee.text.append(contentsOf: UnsafeBufferPointer(start: value, count: length))
        }
        let node = YAMLNode(
            kind: .scalar, tag: tag, plain: plain, start: Int32(start), count: Int32(length), end: Int32(index + 1),
            line: Int32(clamping: mark.line + 1), column: Int32(clamping: mark.column + 1))
        guard append(node) else { return }
        if let anchor = event.data.scalar.anchor {
            state.pointee.anchors[String(cString: anchor)] = Anchor(node: index, count: 1, height: 0)
        }
    }

    private func begin(
        _ kind: YAMLNode.Kind, _ mark: yaml_mark_t, anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?
    ) {
        // Checked at each opening: libyaml takes time quadratic in the depth of flow collections.
        if state.pointee.open.count >= limits.depth {
            return stop(position(mark), "nested deeper than \(limits.depth) levels (limits.depth)")
        }
        let index = state.pointee.nodes.count
        var resolved = YAMLNode.Tag.implicit
        if let tag { resolved = self.tag(tag, of: kind, at: mark) }
        let node = YAMLNode(
            kind: kind, tag: resolved, plain: false, start: 0, count: 0, end: 0, line: Int32(clamping: mark.line + 1),
            column: Int32(clamping: mark.column + 1))
        let before = state.pointee.count
        guard append(node) else { return }
        var name: String?
        if let anchor {
            let written = String(cString: anchor)
            state.pointee.anchors[written] = Anchor(node: index, count: nil, height: 0)
            name = written
        }
        state.pointee.open.append(Open(node: index, anchor: name, countBefore: before, deepest: state.pointee.open.count + 1))
    }

    private func end() {
        guard let closed = state.pointee.open.popLast() else { return }
        state.pointee.nodes[closed.node].end = Int32(state.pointee.nodes.count)
        if state.pointee.nodes[closed.node].kind == .mapping {
            state.pointee.nodes[closed.node].count /= 2
            checkKeys(of: closed.node)
        }
        if let anchor = closed.anchor, state.pointee.anchors[anchor]?.node == closed.node {
            state.pointee.anchors[anchor] = Anchor(
                node: closed.node, count: state.pointee.count - closed.countBefore,
                height: closed.deepest - state.pointee.open.count)
        }
        if let last = state.pointee.open.indices.last {
            state.pointee.open[last].deepest = max(state.pointee.open[last].deepest, closed.deepest)
        }
    }

    private func alias(_ name: UnsafeMutablePointer<UInt8>?, _ mark: yaml_mark_t) {
        let written = name.map { String(cString: $0) } ?? ""
        guard let anchor = state.pointee.anchors[written] else {
            return stop(position(mark), "alias '*\(written)' has no anchor before it")
        }
        guard let weight = anchor.count else {
            return stop(position(mark), "alias '*\(written)' stands inside its own anchor")
        }
        if state.pointee.open.count + anchor.height > limits.depth {
            return stop(position(mark), "nested deeper than \(limits.depth) levels, aliases expanded (limits.depth)")
        }
        if let last = state.pointee.open.indices.last {
            state.pointee.open[last].deepest = max(state.pointee.open[last].deepest, state.pointee.open.count + anchor.height)
        }
        _ = append(
            YAMLNode(
                kind: .alias, tag: .implicit, plain: false, start: Int32(anchor.node), count: 0,
                end: Int32(state.pointee.nodes.count + 1),
                line: Int32(clamping: mark.line + 1), column: Int32(clamping: mark.column + 1)),
            weight: weight)
    }

    private func position(_ mark: yaml_mark_t) -> Position { Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1) }

    /// Nothing after this place is read.
    private func stop(_ position: Position, _ message: String) {
        state.pointee.stopped = true
        // A document that was not read to its end is not decoded: what it would say is not known.
        if !state.pointee.open.isEmpty || state.pointee.documents.last == state.pointee.nodes.count {
            state.pointee.documents.removeLast()
        }
        report(position, message)
    }

    func report(_ position: Position, _ message: String) {
        if problems.count < Decoder.problemLimit {
            state.pointee.problems.append(Problem(position: position, message: message))
        }
    }

    private func stopAtSyntaxError(_ bytes: UnsafeRawBufferPointer) {
        let parser = parser.pointee
        var problem = parser.problem.map { String(cString: $0) } ?? "cannot be read"
        if let context = parser.context { problem += " (\(String(cString: context)))" }
        if parser.error == YAML_READER_ERROR {
            // Reader errors carry no line, only the offset of the byte.
            stop(Self.position(of: Int(parser.problem_offset), in: bytes), "not valid UTF-8 text: \(problem)")
            return
        }
        if problem.hasPrefix("found character that cannot start any token") { problem += "; indent with spaces, not with tabs" }
        // At the end of the file libyaml points to a line that is not there.
        let lines = bytes.lazy.filter { $0 == UInt8(ascii: "\n") }.count
        let behind = Int(parser.problem_mark.line) > lines
        stop(
            behind ? Self.position(of: bytes.count, in: bytes) : position(parser.problem_mark), "not valid YAML: \(problem)")
    }

    private static func position(of offset: Int, in bytes: UnsafeRawBufferPointer) -> Position {
        var result = Position(line: 1, column: 1)
        for byte in bytes.prefix(max(0, offset)) {
            if byte == UInt8(ascii: "\n") {
                result = Position(line: result.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {
                result.column += 1
            }
        }
        return result
    }
}
