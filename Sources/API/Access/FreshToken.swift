import Crypto
import Foundation

/// A bearer token that was just made. It is told once; only its hash is kept.
public struct FreshToken: Sendable {
    /// What its holder sends: `cft_` and 43 characters, 256 random bits.
    public let token: String
    /// The line for the file of tokens.
    public let line: String

    /// Makes one.
    /// - Parameter role: `viewer` or `operator`.
    /// - Returns: `nil` for a name or role that a file of tokens cannot hold.
    public init?(name: String, role: String) {
        guard TokenFile.isName(name), Caller.Role(rawValue: role) != nil else { return nil }
        let random = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        let text = random.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        token = "cft_" + text
        let digest = SHA256.hash(data: Data(token.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        line = "\(name) \(role) sha256:\(digest.joined())"
    }
}
