import Foundation

/// An asciicast v2 file, read line by line. Hostile: whoever was in chose what it shows.
struct CastFile {
    /// `[seconds, code, text]`
    struct Event {
        var at: Double
        var code: String
        var text: String
    }
    let columns: Int
    let rows: Int
    let events: [Event]

    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 28 else {
            throw ExecFailure("\(path): it cannot be read")
        }
        let lines = data.split(separator: 0x0A)
        guard let first = lines.first, let header = try? JSONSerialization.jsonObject(with: first) as? [String: Any],
            (header["version"] as? NSNumber)?.intValue == 2
        else { throw ExecFailure("\(path): it is no asciicast of version 2") }
        columns = (header["width"] as? NSNumber)?.intValue ?? 80
        rows = (header["height"] as? NSNumber)?.intValue ?? 24
        events = try lines.dropFirst().enumerated().map { index, line in
            guard let parts = try? JSONSerialization.jsonObject(with: line) as? [Any], parts.count == 3,
                let at = (parts[0] as? NSNumber)?.doubleValue, let code = parts[1] as? String, let text = parts[2] as? String
            else { throw ExecFailure("\(path):\(index + 2): it is no event of an asciicast") }
            return Event(at: at, code: code, text: text)
        }
    }
}
