@testable import CurfewAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOHTTP1

/// What arrives over HTTP and is read by us: a first part of header lines, then a body. The framing itself is tried on a
/// running server, by `HostileSerial`.
enum HTTPTarget {
    private static let checks = [
        HostCheck(configured: ["curfew.example.com"], address: "127.0.0.1", isLocal: true),
        HostCheck(configured: [], address: "::1", isLocal: true),
        HostCheck(configured: ["Curfew.Example.com"], address: nil, isLocal: true),
    ]
    private static let cookie = SessionCookie(instance: "fuzz", isSecure: true)
    private static let secret = Data("0123456789abcdef".utf8)

    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let parts = parts(bytes)
        let body = Data(parts.count > 1 ? parts[1] : [])
        var fields = HTTPFields()
        var authority: String?
        for line in parts[0].split(separator: 10) {
            let pair = line.split(separator: 58, maxSplits: 1)
            guard pair.count == 2 else { continue }
            let value = String(decoding: pair[1].drop { $0 == 32 }, as: UTF8.self)
            let name = String(decoding: pair[0], as: UTF8.self)
            if name.lowercased() == "host" { authority = value }
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        for forge in Webhooks.Forge.allCases {
            // The secret stands in no corpus: whatever is called genuine is forged.
            expect(
                !Webhooks.isGenuine(forge, fields, body, secret)
                    || String(decoding: bytes, as: UTF8.self).contains("0123456789abcdef"),
                "a forged delivery")
        }
        let request = HTTPRequest(method: .get, scheme: "https", authority: authority, path: "/", headerFields: [:])
        for check in checks { try? check.check(request) }
        _ = try? ProviderKeys.parse(body)
        _ = try? JSONDecoder().decode(Claims.self, from: body)
        let text = String(decoding: body, as: UTF8.self)
        _ = RouteChecks.plain(text[...])
        if case .success(let entries) = TokenFile.parse(text) {
            expect(entries.allSatisfy { $0.digest.count == 32 && TokenFile.isName($0.name) }, "a token without a digest")
        }
        if let name = HTTPField.Name("Cookie") {
            var cookies = HTTPFields()
            cookies.append(HTTPField(name: name, value: text))
            let head = HTTPRequest(method: .get, scheme: "https", authority: "x", path: "/", headerFields: cookies)
            let id = cookie.id(in: Request(head: head, body: .init(buffer: .init())))
            expect(id.map { $0.utf8.count == 43 } ?? true, "an id that is none")
        }
        let method = HTTPMethod.POST
        var raw = HTTPRequestHead(version: .http1_1, method: method, uri: text, headers: [:])
        for field in fields { raw.headers.add(name: field.name.rawName, value: field.value) }
        if FramingCheck.problem(of: raw) == nil { expect(text.hasPrefix("/"), "a target that is no path") }
    }
}
