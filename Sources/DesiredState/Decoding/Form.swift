internal import CurfewModel

/// What a value may look like. The decoder takes its ranges and names from here and the JSON Schema is printed from here,
/// so the two cannot come to disagree about a field.
indirect enum Form: Sendable {
    /// Text; the pattern is a JSON Schema pattern.
    case text(pattern: String? = nil, maximum: Int = 4096)
    /// A DNS label.
    case name
    /// One of these words.
    case choice([String])
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case span(ClosedRange<Span>)
    case cpu(ClosedRange<MilliCPU>)
    case bytes(ClosedRange<ByteCount>)
    case list(Form, count: ClosedRange<Int>)
    /// A mapping with free keys.
    case map(key: String, value: Form, maximum: Int)
    case record(Shape)
    case bool
    /// One of two: plain, or as a mapping.
    case either(Form, Shape)
    /// A value whose meaning is a driver's own: text, integer, boolean or a list of these.
    case setting
    /// A range of ports, written `20000-29999`.
    case ports
    /// A port or a range of them: `443`, `8000-8999`.
    case portOrRange
}

/// The fields of one kind of mapping, as an enum: its cases are the names in YAML.
protocol FieldKey: RawRepresentable<Int>, CaseIterable, Sendable {
    /// What the value may look like.
    var form: Form { get }
    /// Fields that have to be there.
    static var required: [Self] { get }
    /// Groups of which exactly one has to be there, whole.
    static var alternatives: [[Self]] { get }
    /// Fields that go with a word of a choice: (choice, word, field, whether it is required then). A field that goes with
    /// several words has an entry for each, and is required with all of them or with none.
    static var dependent: [(choice: Self, word: String, field: Self, required: Bool)] { get }
    /// Words that a choice has when it is left out, where other fields go with that word.
    static var ordinary: [(choice: Self, word: String)] { get }
    /// Its ``Shape``, stored once.
    static var shape: Shape { get }
}

extension FieldKey {
    static var required: [Self] { [] }
    static var alternatives: [[Self]] { [] }
    static var dependent: [(choice: Self, word: String, field: Self, required: Bool)] { [] }
    static var ordinary: [(choice: Self, word: String)] { [] }
}

/// The fields of one kind of mapping, without its type.
final class Shape: Sendable {
    let names: [String]
    let utf8: [[UInt8]]
    let required: [Int]
    let alternatives: [[Int]]
    let forms: [Form]
    /// By field, with all words that it goes with.
    let dependent: [(choice: Int, words: [String], field: Int, required: Bool)]
    let ordinary: [(choice: Int, word: String)]

    /// Takes the names from the cases as they are written.
    init<Key: FieldKey>(_ key: Key.Type) {
        let cases = Array(Key.allCases)
        names = cases.map { "\($0)" }
        utf8 = names.map { Array($0.utf8) }
        required = Key.required.map(\.rawValue)
        alternatives = Key.alternatives.map { $0.map(\.rawValue) }
        forms = cases.map(\.form)
        var dependent: [(choice: Int, words: [String], field: Int, required: Bool)] = []
        for rule in Key.dependent {
            if let index = dependent.firstIndex(where: { $0.field == rule.field.rawValue }) {
                dependent[index].words.append(rule.word)
            } else {
                dependent.append((rule.choice.rawValue, [rule.word], rule.field.rawValue, rule.required))
            }
        }
        self.dependent = dependent
        ordinary = Key.ordinary.map { ($0.choice.rawValue, $0.word) }
    }

    /// The index of the field with this name.
    @inline(__always)
    func index(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        for index in utf8.indices where utf8[index].count == key.count && utf8[index].elementsEqual(key) { return index }
        return nil
    }
}
