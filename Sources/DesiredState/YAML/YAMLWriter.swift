internal import CLibYAML
internal import CurfewModel

/// A value to be written as YAML.
indirect enum YAMLValue: Equatable {
    /// Text; quoted where it would be read as something else.
    case text(String)
    /// A number or boolean, as it stands.
    case plain(String)
    /// Written on one line when it is short and simple.
    case list([YAMLValue])
    case map([(String, YAMLValue)])

    static func == (left: YAMLValue, right: YAMLValue) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)), (.plain(let left), .plain(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.map(let left), .map(let right)): left.elementsEqual(right) { $0.0 == $1.0 && $0.1 == $1.1 }
        default: false
        }
    }
}

/// Writes YAML with libyaml, which knows what has to be quoted.
enum YAMLWriter {
    private static let widest = 100

    /// One document without a marker in front; ends in a line break. `nil` when there is no memory.
    static func document(_ value: YAMLValue) -> String? {
        let emitter = UnsafeMutablePointer<yaml_emitter_t>.allocate(capacity: 1)
        defer { emitter.deallocate() }
        guard yaml_emitter_initialize(emitter) == 1 else { return nil }
        defer { yaml_emitter_delete(emitter) }
        let sink = Sink()
        return withExtendedLifetime(sink) {
            yaml_emitter_set_output(
                emitter,
                { context, buffer, size in
                    guard let context, let buffer else { return 0 }
                    let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
                    sink.bytes.append(contentsOf: UnsafeBufferPointer(start: buffer, count: size))
                    return 1
                }, Unmanaged.passUnretained(sink).toOpaque())
            yaml_emitter_set_width(emitter, -1)
            // Characters that could turn a line round are escaped, and then all that are not ASCII.
            yaml_emitter_set_unicode(emitter, isPlain(value) ? 1 : 0)
            let event = UnsafeMutablePointer<yaml_event_t>.allocate(capacity: 1)
            defer { event.deallocate() }
            let out = Out(emitter: emitter, event: event)
            guard out.emit(yaml_stream_start_event_initialize(event, YAML_UTF8_ENCODING)),
                out.emit(yaml_document_start_event_initialize(event, nil, nil, nil, 1)),
                write(value, to: out, flow: false),
                out.emit(yaml_document_end_event_initialize(event, 1)), out.emit(yaml_stream_end_event_initialize(event)),
                yaml_emitter_flush(emitter) == 1
            else { return nil }
            return String(decoding: sink.bytes, as: UTF8.self)
        }
    }

    /// Where events go; an event is made in place and taken by the emitter at once.
    private struct Out {
        let emitter: UnsafeMutablePointer<yaml_emitter_t>
        let event: UnsafeMutablePointer<yaml_event_t>

        func emit(_ made: Int32) -> Bool { made == 1 && yaml_emitter_emit(emitter, event) == 1 }
    }

    private final class Sink {
        var bytes: [UInt8] = []
    }

    private static func write(_ value: YAMLValue, to out: Out, flow: Bool) -> Bool {
        switch value {
        case .plain(let text): return out.emit(scalar(text, YAML_PLAIN_SCALAR_STYLE, out.event))
        case .text(let text): return out.emit(scalar(text, style(of: text, flow: flow), out.event))
        case .list(let items):
            let flow = flow || fits(value)
            let style = flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
            guard out.emit(yaml_sequence_start_event_initialize(out.event, nil, nil, 1, style)) else { return false }
            for item in items { guard write(item, to: out, flow: flow) else { return false } }
            return out.emit(yaml_sequence_end_event_initialize(out.event))
        case .map(let pairs):
            let style = flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE
            guard out.emit(yaml_mapping_start_event_initialize(out.event, nil, nil, 1, style)) else { return false }
            for (key, value) in pairs {
                guard out.emit(scalar(key, self.style(of: key, flow: true), out.event)), write(value, to: out, flow: flow)
                else {
                    return false
                }
            }
            return out.emit(yaml_mapping_end_event_initialize(out.event))
        }
    }

    private static func scalar(_ text: String, _ style: yaml_scalar_style_t, _ event: UnsafeMutablePointer<yaml_event_t>)
        -> Int32
    {
        var bytes = Array(text.utf8)
        return bytes.withUnsafeMutableBufferPointer { bytes in
            // An empty array has no address, and libyaml wants one.
            var nothing: UInt8 = 0
            return withUnsafeMutablePointer(to: &nothing) { nothing in
                yaml_scalar_event_initialize(
                    event, nil, nil, bytes.baseAddress ?? nothing, Int32(bytes.count), 1, 1, style)
            }
        }
    }

    /// Plain for words that every reader of YAML, of 1.1 too, takes for text; a block for several lines; quotes for the rest.
    private static func style(of text: String, flow: Bool) -> yaml_scalar_style_t {
        var copy = text
        let type = copy.withUTF8 { CoreSchema.type(of: $0) }
        let words: Set = ["y", "n", "yes", "no", "on", "off"]
        let simple = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || "._/@:-".utf8.contains($0)
        }
        let starts = text.utf8.first.map { (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2F || $0 == 0x5F } ?? false
        if Quantity.bytes(text) != nil || copy.withUTF8(Quantity.span) != nil, type == .string {
            return YAML_PLAIN_SCALAR_STYLE
        }
        if simple, starts, type == .string, !text.hasSuffix(":"), !words.contains(text.lowercased()) {
            return YAML_PLAIN_SCALAR_STYLE
        }
        if !flow, text.contains("\n"), !text.hasPrefix(" "), !text.hasPrefix("\n") { return YAML_LITERAL_SCALAR_STYLE }
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE
    }

    /// A list of scalars that is short enough for one line.
    private static func fits(_ value: YAMLValue) -> Bool {
        guard case .list(let items) = value else { return false }
        var width = 0
        for item in items {
            guard case .text(let text) = item, !text.contains("\n") else { return false }
            width += text.utf8.count + 4
        }
        return width < widest
    }

    private static func isPlain(_ value: YAMLValue) -> Bool {
        switch value {
        case .plain: true
        case .text(let text): text.replacing("\n", with: "").escapingControls == text.replacing("\n", with: "")
        case .list(let items): items.allSatisfy(isPlain)
        case .map(let pairs): pairs.allSatisfy { isPlain(.text($0.0)) && isPlain($0.1) }
        }
    }
}
