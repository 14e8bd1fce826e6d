import Foundation

/// What a recorded session showed, as plain text: for those without JavaScript, and before the player begins.
public enum Transcript {
    /// Most bytes of text.
    static let limit = 1 << 20

    /// Text of an asciicast of version 2; `nil` when it is none. Without what drives terminals.
    public static func text(of cast: [UInt8]) -> String? {
        let lines = cast.split(separator: 0x0A)
        guard let first = lines.first, let header = (try? JSONSerialization.jsonObject(with: Data(first))) as? [String: Any],
            (header["version"] as? NSNumber)?.intValue == 2
        else { return nil }
        var text = ""
        for line in lines.dropFirst() {
            guard let event = (try? JSONSerialization.jsonObject(with: Data(line))) as? [Any], event.count == 3,
                let kind = event[1] as? String, kind == "o" || kind == "e", let shown = event[2] as? String
            else { continue }
            text += shown
            if text.utf8.count > limit { return plain(text) + "\n… cut here; the download has it all" }
        }
        return plain(text)
    }

    /// Escape sequences and control characters taken out, line ends made plain.
    static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar.value {
            case 0x1B: skipSequence(&scalars)
            case 0x0A, 0x09: result.append(scalar)
            case 0x08: if let last = result.last, last != "\n" { result.removeLast() }
            case 0x00...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: break
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func skipSequence(_ scalars: inout String.UnicodeScalarView.Iterator) {
        guard let kind = scalars.next() else { return }
        switch kind {
        case "[": while let next = scalars.next() { if (0x40...0x7E).contains(next.value) { return } }
        case "]", "P", "_", "^", "X":
            while let next = scalars.next() {
                if next.value == 0x07 || next.value == 0x9C { return }
                if next.value == 0x1B {
                    _ = scalars.next()
                    return
                }
            }
        case "(", ")", "#": _ = scalars.next()
        default: break
        }
    }
}
