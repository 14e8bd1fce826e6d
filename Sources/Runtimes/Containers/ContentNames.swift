import Crypto
import CurfewDrivers
import Foundation

/// Names by content for what must not be read out of its name: whoever sees the name of a short secret could try out
/// which content gives it, if the hash were a plain one. So it is keyed, and the key stays in the runtime's folder. Losing
/// the key costs new names.
public struct ContentNames: Sendable {
    private let key: SymmetricKey

    /// Reads the key `<folder>/names.key`, or makes one.
    /// - Throws: ``DriverError`` when it cannot be read or written.
    public init(folder: String) throws {
        let path = folder + "/names.key"
        if FileManager.default.fileExists(atPath: path) {
            guard let data = FileManager.default.contents(atPath: path), data.count == 32 else {
                throw DriverError(.storage, operation: "read", subject: path, "it cannot be read or is damaged")
            }
            key = SymmetricKey(data: data)
        } else {
            key = SymmetricKey(size: .bits256)
            try SmallFile.makeFolder(folder)
            try SmallFile.replace(path, key.withUnsafeBytes { Data($0) })
        }
    }

    /// `<prefix>-<32 hexadecimal digits>`; the prefix is cut to make at most 64 bytes.
    public func name(_ prefix: String, _ content: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Data(prefix.utf8 + [0]))
        code.update(data: content)
        let digits = code.finalize().prefix(16).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
        return "\(prefix.prefix(31))-\(digits)"
    }
}
