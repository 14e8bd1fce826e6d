internal import CurfewModel

extension Decoder {
    /// Text. A number or boolean where text belongs is refused with the quotes that make it text.
    /// - Parameter maximum: in bytes of UTF-8.
    func string(_ written: Int, _ label: String, maximum: Int = 4096) -> String? {
        let index = resolve(written)
        guard yaml.nodes[index].kind == .scalar else {
            report(written, "\(label) has to be a string, not \(describe(written))")
            return nil
        }
        guard type(of: index) == .string else {
            let quoted = "; put it in quotes if you mean the text: \"\(yaml.string(index).prefix(40))\""
            report(written, "\(label) has to be a string, not \(describe(written))\(quoted)")
            return nil
        }
        guard yaml.nodes[index].count <= maximum else {
            report(written, "\(label) has \(yaml.nodes[index].count) bytes; at most \(maximum) are allowed")
            return nil
        }
        if yaml.withText(index, { $0.contains(0) }) {
            report(written, "\(label) holds a NUL character")
            return nil
        }
        return yaml.string(index)
    }

    /// The text of any scalar as it is written, whatever its type: for quantities such as `2`, `0.5` and `500m`.
    func source(_ written: Int, _ label: String, _ example: String) -> String? {
        let index = resolve(written)
        guard yaml.nodes[index].kind == .scalar, yaml.nodes[index].count <= 64 else {
            report(written, "\(label) has to be \(example), not \(describe(written))")
            return nil
        }
        return yaml.string(index)
    }

    /// A DNS label.
    func name(_ written: Int, _ label: String) -> Name? {
        guard let text = string(written, label) else { return nil }
        if let name = Name(text) { return name }
        report(
            written,
            "\(label) '\(text.prefix(80))' is no DNS label: 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit"
        )
        return nil
    }

    /// One of the words of an enum.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ written: Int, _ label: String, as: Choice.Type = Choice.self)
        -> Choice?
    {
        guard let word = choice(written, label, Choice.allCases.map(\.rawValue)) else { return nil }
        return Choice(rawValue: word)
    }

    /// One of `words`.
    func choice(_ written: Int, _ label: String, _ words: [String]) -> String? {
        guard let text = string(written, label) else { return nil }
        if words.contains(text) { return text }
        report(
            written,
            "\(label) has to be one of \(words.joined(separator: ", ")), not '\(text.prefix(40))'"
                + Spelling.hint(text, among: words))
        return nil
    }

    func integer(_ written: Int, _ label: String, _ range: ClosedRange<Int>) -> Int? {
        let index = resolve(written)
        if yaml.nodes[index].kind == .scalar, type(of: index) == .integer,
            let value = yaml.withText(index, CoreSchema.integer), range.contains(value)
        {
            return value
        }
        report(
            written, "\(label) has to be an integer from \(range.lowerBound) to \(range.upperBound), not \(describe(written))")
        return nil
    }

    func number(_ written: Int, _ label: String, _ range: ClosedRange<Double>) -> Double? {
        let index = resolve(written)
        if yaml.nodes[index].kind == .scalar {
            switch type(of: index) {
            case .integer:
                if let value = yaml.withText(index, CoreSchema.integer).map(Double.init), range.contains(value) { return value }
            case .float: if let value = Double(yaml.string(index)), range.contains(value) { return value }
            default: break
            }
        }
        report(written, "\(label) has to be a number from \(range.lowerBound) to \(range.upperBound), not \(describe(written))")
        return nil
    }

    func span(_ written: Int, _ label: String, _ range: ClosedRange<Span>) -> Span? {
        let index = resolve(written)
        guard yaml.nodes[index].kind == .scalar, type(of: index) == .string,
            let span = yaml.withText(index, Quantity.span)
        else {
            report(written, "\(label) has to be a duration with units, such as 1h30m, 45s or 250ms, not \(describe(written))")
            return nil
        }
        if range.contains(span) { return span }
        report(written, "\(label) has to be from \(range.lowerBound) to \(range.upperBound), not \(describe(written))")
        return nil
    }

    func cpu(_ written: Int, _ label: String, _ range: ClosedRange<MilliCPU>) -> MilliCPU? {
        guard let text = source(written, label, "an amount of CPU such as 500m, 2 or 0.5") else { return nil }
        guard let cpu = Quantity.cpu(text) else {
            report(written, "\(label) has to be an amount of CPU such as 500m, 2 or 0.5, not \(describe(written))")
            return nil
        }
        if range.contains(cpu) { return cpu }
        report(written, "\(label) has to be from \(range.lowerBound) to \(range.upperBound), not \(describe(written))")
        return nil
    }

    func bytes(_ written: Int, _ label: String, _ range: ClosedRange<ByteCount>) -> ByteCount? {
        guard let text = source(written, label, "an amount such as 128Mi, 1Gi or 500M") else { return nil }
        guard let bytes = Quantity.bytes(text) else {
            report(written, "\(label) has to be an amount such as 128Mi, 1Gi or 500M, not \(describe(written))")
            return nil
        }
        if range.contains(bytes) { return bytes }
        report(written, "\(label) has to be from \(range.lowerBound) to \(range.upperBound), not \(describe(written))")
        return nil
    }
}
