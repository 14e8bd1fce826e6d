import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// The cookie that holds the id of somebody's session. No script reads it, no other site sends it. Cookies know no ports:
/// what another server on this host gets to see of it is the id alone, under a name that only this Curfew asks for.
struct SessionCookie: Sendable {
    /// Its name.
    let name: String
    let isSecure: Bool
    /// How long a browser keeps it, in seconds.
    private static let age = 12 * 3600
    /// What was set by versions whose cookie was the token itself.
    private static let outdated = ["curfew", "__Host-curfew"]

    /// - Parameter instance: what tells this Curfew from others of the host; the same after a restart.
    init(instance: String, isSecure: Bool) {
        let digest = SHA256.hash(data: Data(instance.utf8)).prefix(6)
        let mark = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        (name, self.isSecure) = ((isSecure ? "__Host-curfew-" : "curfew-") + mark, isSecure)
    }

    /// The id that a browser sends; `nil` when it sends none, two, or what cannot be one.
    func id(in request: Request) -> String? {
        let found = Self.pairs(request).filter { $0.name == name }.map(\.value)
        guard found.count == 1, found[0].utf8.count == 43,
            found[0].utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
                    || $0 == 0x5F
            })
        else { return nil }
        return found[0]
    }

    /// What sets it; `nil` takes it away.
    func header(_ id: String?) -> String { Self.header(name, id, isSecure: isSecure) }

    /// What takes away cookies of older versions, which held a token.
    func clearingOutdated(in request: Request) -> [String] {
        Set(Self.pairs(request).map(\.name)).intersection(Self.outdated).sorted().map {
            Self.header($0, nil, isSecure: isSecure || $0.hasPrefix("__Host-"))
        }
    }

    private static func header(_ name: String, _ id: String?, isSecure: Bool) -> String {
        let flags = "Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
        return "\(name)=\(id ?? ""); Max-Age=\(id == nil ? 0 : age); \(flags)"
    }

    private static func pairs(_ request: Request) -> [(name: String, value: String)] {
        request.headers[values: .cookie].flatMap { header in
            header.utf8.split(separator: UInt8(ascii: ";")).compactMap { pair in
                let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { return nil }
                return (
                    String(decoding: parts[0].drop { $0 == 0x20 }, as: UTF8.self), String(decoding: parts[1], as: UTF8.self)
                )
            }
        }
    }
}
