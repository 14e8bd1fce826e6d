import Foundation
import Glibc

/// An address of a repository, checked: it cannot be taken for an option and carries no password.
struct RemoteURL: Sendable, Hashable {
    enum Scheme: String { case file, http, https, ssh, git }
    let text: String
    let scheme: Scheme
    let user: String?
    let host: String
    let port: Int?

    init(_ text: String) throws(GitError) {
        func refuse(_ why: String) -> GitError { GitError(.invalid, operation: "use address", subject: Self.redact(text), why) }
        guard !text.isEmpty, text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !text.hasPrefix("-")
        else {
            throw refuse("it is empty, too long, starts with '-' or holds spaces or control characters")
        }
        self.text = text
        if text.hasPrefix("/") {
            (scheme, user, host, port) = (.file, nil, "", nil)
            return
        }
        guard let range = text.firstRange(of: "://") else {
            // user@host:path, as scp writes it.
            guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else {
                throw refuse("write it as file://, https://, http://, ssh://, git://, user@host:path or an absolute path")
            }
            let parts = text[..<colon].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.last, !name.isEmpty, !name.hasPrefix("-") else { throw refuse("it has no host") }
            (scheme, user, host, port) = (.ssh, parts.count == 2 ? String(parts[0]) : nil, String(name), nil)
            return
        }
        guard let scheme = Scheme(rawValue: text[..<range.lowerBound].lowercased()) else {
            throw refuse("'\(text[..<range.lowerBound])' is not supported; there are file, https, http, ssh and git")
        }
        self.scheme = scheme
        let authority = text[range.upperBound...].prefix { $0 != "/" }
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw refuse("it has more than one '@' before the path") }
        if parts.count == 2 {
            guard !parts[0].contains(":") else {
                throw refuse("it holds a password; put it into a file and name that as credentials.tokenFile")
            }
            user = String(parts[0])
        } else {
            user = nil
        }
        var place = parts.last ?? ""
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
            host = String(place[place.index(after: place.startIndex)..<end])
            place = place[place.index(after: end)...]
        } else {
            host = String(place.prefix { $0 != ":" })
            place = place.dropFirst(host.count)
        }
        if place.hasPrefix(":") {
            guard let number = Int(place.dropFirst()), (1...65535).contains(number) else {
                throw refuse("its port is no number from 1 to 65535")
            }
            port = number
        } else {
            port = nil
        }
        guard scheme == .file || (!host.isEmpty && !host.hasPrefix("-")) else { throw refuse("it has no host") }
    }

    /// Scheme, host, port and path of an http(s) address, without a user and a `/` at the end.
    var base: String {
        guard let range = text.firstRange(of: "://") else { return text }
        let path = text[range.upperBound...].drop { $0 != "/" }
        let place = (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
        var base = "\(scheme.rawValue)://\(place)\(path)"
        while base.utf8.last == UInt8(ascii: "/") { base.removeLast() }
        return base
    }

    /// Whether what is sent there leaves this machine's own network.
    var isLoopback: Bool {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        if inet_pton(AF_INET6, host, &six) == 1 {
            return withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
        }
        return host.lowercased() == "localhost"
    }

    /// The folder that a `file` address names, as libgit2 reads it.
    var folder: String? {
        guard scheme == .file else { return nil }
        guard let range = text.firstRange(of: "://") else { return text }
        let path = text[range.upperBound...].drop { $0 != "/" }
        return String(path).removingPercentEncoding
    }

    /// The address without whatever stands before an `@`, for messages.
    static func redact(_ text: String) -> String {
        guard let range = text.firstRange(of: "://"),
            let at = text[range.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@"),
            text[range.upperBound..<at].contains(":")
        else { return String(text.prefix(200)) }
        return String((text[..<range.upperBound] + "***" + text[at...]).prefix(200))
    }
}
