import HTTPTypes
import Hummingbird

/// The token of somebody who signed in, as their browser keeps it. No script reads it, no other site sends it.
enum Cookie {
    private static func name(isSecure: Bool) -> String { isSecure ? "__Host-curfew" : "curfew" }
    /// How long a browser keeps it, in seconds. What it may do ends with the token.
    private static let age = 12 * 3600

    static func token(in request: Request, isSecure: Bool) -> String? {
        let wanted = name(isSecure: isSecure)
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
                if parts.count == 2, parts[0] == wanted { return String(parts[1]) }
            }
        }
        return nil
    }

    /// What sets it; `nil` takes it away.
    static func header(_ token: String?, isSecure: Bool) -> String {
        let flags = "Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
        return "\(name(isSecure: isSecure))=\(token ?? ""); Max-Age=\(token == nil ? 0 : age); \(flags)"
    }

    /// Whether it can stand in a cookie: visible ASCII without quotes, commas, semicolons and backslashes.
    static func canHold(_ token: String) -> Bool {
        (1...3500).contains(token.utf8.count)
            && token.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\",;\\".utf8.contains($0) }
    }
}
