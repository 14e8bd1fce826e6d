public import CurfewDockerAPI
import CurfewDrivers
import Foundation

/// Logins at registries, from a file as `docker login` writes it: `{"auths": {"registry:5000": {"auth": "…"}}}`.
public struct RegistryCredentials: Sendable {
    private let path: String?

    /// Reads from this file; `nil` = nobody logs in anywhere.
    public init(path: String?) { self.path = path }

    /// The login for the registry of an image, read anew each time: passwords change.
    /// - Throws: ``DriverError`` when the file cannot be used. Nothing of its content is told.
    public func login(for reference: String) throws -> RegistryLogin? {
        guard let path else { return nil }
        struct File: Decodable {
            struct Login: Decodable {
                var auth: String?
                var username: String?
                var password: String?
            }
            var auths: [String: Login]?
        }
        guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20 else {
            throw DriverError(.storage, operation: "read registry credentials", subject: path, "the file cannot be read")
        }
        guard let file = try? JSONDecoder().decode(File.self, from: data) else {
            throw DriverError(
                .storage, operation: "read registry credentials", subject: path,
                "it is no file as `docker login` writes it (credential helpers are not asked)")
        }
        let server = Self.server(of: reference)
        for (name, login) in file.auths ?? [:] where Self.isSame(name, server) {
            if let username = login.username, let password = login.password {
                return RegistryLogin(username: username, password: password, server: server)
            }
            guard let text = login.auth.flatMap({ Data(base64Encoded: $0) }).map({ String(decoding: $0, as: UTF8.self) }),
                let colon = text.firstIndex(of: ":")
            else { continue }
            return RegistryLogin(
                username: String(text[..<colon]), password: String(text[text.index(after: colon)...]), server: server)
        }
        return nil
    }

    /// The registry of a reference: what stands before the first slash if it looks like a host, else Docker's own.
    static func server(of reference: String) -> String {
        guard let slash = reference.firstIndex(of: "/") else { return "docker.io" }
        let head = String(reference[..<slash])
        return head.contains(".") || head.contains(":") || head == "localhost" ? head : "docker.io"
    }

    private static func isSame(_ name: String, _ server: String) -> Bool {
        var name = name[...]
        for scheme in ["https://", "http://"] where name.hasPrefix(scheme) { name = name.dropFirst(scheme.count) }
        let host = String(name.prefix { $0 != "/" })
        return host == server || (server == "docker.io" && host == "index.docker.io")
    }
}
