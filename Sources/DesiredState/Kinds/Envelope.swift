internal import CurfewModel

/// What every document begins with.
enum EnvelopeField: Int, FieldKey {
    case apiVersion, kind, metadata, spec

    static let shape = Shape(Self.self)
    static let required: [Self] = [.apiVersion, .kind, .metadata, .spec]
    static let version = "curfew/v1"

    var form: Form {
        switch self {
        case .apiVersion: .choice([Self.version])
        case .kind: .choice(["Workload"])
        case .metadata: .record(MetadataField.shape)
        case .spec: .record(WorkloadField.shape)
        }
    }
}

/// The same with another kind in it, for the schemas of the other kinds: the fields are decoded by ``EnvelopeField``.
extension EnvelopeField {
    static func schema(of kind: String, _ spec: Shape) -> [String: JSONText] {
        var schema = SchemaPrinter.record(shape)
        guard case .object(var properties)? = schema["properties"] else { return schema }
        properties["kind"] = .object(SchemaPrinter.value(.choice([kind])))
        properties["spec"] = .object(SchemaPrinter.record(spec))
        schema["properties"] = .object(properties)
        return schema
    }
}

/// `metadata`.
enum MetadataField: Int, FieldKey {
    case name, labels

    static let shape = Shape(Self.self)
    static let required: [Self] = [.name]
    static let labelKey = "^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$"

    var form: Form {
        switch self {
        case .name: .name
        case .labels: .map(key: Self.labelKey, value: .text(maximum: 256), maximum: 64)
        }
    }
}

/// The kinds of documents, and the folder that each belongs in.
enum DocumentKind: String, CaseIterable {
    case workload = "Workload"
    case stack = "Stack"
    case person = "Person"
    case team = "Team"
    case role = "Role"
    case accessPolicy = "AccessPolicy"
    case changePolicy = "ChangePolicy"
    case grant = "Grant"
    case configuration = "Configuration"

    /// The folder of the repository, `nil` for the service's own configuration.
    var folder: String? {
        switch self {
        case .workload, .stack: "manifests"
        case .person, .team, .role, .accessPolicy, .changePolicy: "policies"
        case .grant: "grants"
        case .configuration: nil
        }
    }
}

/// The envelope of one document, as far as it could be read.
struct Envelope {
    var kind: DocumentKind?
    var name: Name?
    var namePosition: Position
    var labels: [String: String] = [:]
    /// The node of `spec`.
    var spec: Int?
}

extension Decoder {
    /// Reads what every document begins with; `folder` is where the file lies.
    func envelope(_ root: Int, in folder: String) -> Envelope {
        var result = Envelope(namePosition: position(root))
        guard let record = record(root, "the document", as: EnvelopeField.self) else { return result }
        if let node = record[.apiVersion] { _ = choice(node, "apiVersion", [EnvelopeField.version]) }
        if let node = record[.kind], let word = string(node, "kind") { result.kind = kind(word, node, in: folder) }
        result.spec = record[.spec]
        guard let node = record[.metadata], let metadata = self.record(node, "metadata", as: MetadataField.self) else {
            return result
        }
        if let node = metadata[.name] {
            result.name = name(node, "metadata.name")
            result.namePosition = position(node)
        }
        if let node = metadata[.labels] { result.labels = labels(node) }
        return result
    }

    private func kind(_ word: String, _ node: Int, in folder: String) -> DocumentKind? {
        guard let kind = DocumentKind(rawValue: word) else {
            let known = DocumentKind.allCases.filter { $0.folder == folder }.map(\.rawValue)
            report(node, "unknown kind '\(word.prefix(40))'" + Spelling.hint(word, among: known))
            return nil
        }
        guard kind.folder == folder else {
            report(
                node,
                kind.folder.map { "kind \(word) belongs in \($0)/, not in \(folder)/" }
                    ?? "kind \(word) is the service's own configuration and belongs in no folder of the repository")
            return nil
        }
        return kind
    }

    private func labels(_ node: Int) -> [String: String] {
        var result: [String: String] = [:]
        pairs(node, "labels", maximum: 64) { key, value in
            let name = yaml.string(key)
            guard Self.isLabelKey(name) else {
                return report(key, "label '\(name.prefix(80))' has to be of letters, digits and . _ / -, at most 128")
            }
            if let text = string(value, "label '\(name)'", maximum: 256) { result[name] = text }
        }
        return result
    }

    private static func isLabelKey(_ text: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 128 else { return false }
        return isPlain(first) && isPlain(last)
            && text.utf8.allSatisfy { isPlain($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2F || $0 == 0x2D }
    }
}
