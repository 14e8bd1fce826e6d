public import AsyncHTTPClient
public import NIOSSL

/// The rules that every connection of Curfew's own is encrypted by, as a client and as a server.
public enum TLSRules {
    /// The oldest version that is spoken with anybody.
    public static let oldestVersion = TLSVersion.tlsv12

    /// For a client: the system's authorities, the server's name is checked.
    public static func client() -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = oldestVersion
        return configuration
    }

    /// For a listener that speaks HTTP/1.1.
    /// - Parameters: files in PEM.
    /// - Throws: what NIOSSL says of the files.
    public static func server(certificate: String, key: String) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = oldestVersion
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }
}

extension HTTPClient.Configuration {
    /// What every HTTP client here begins with: no redirect is followed, so that no secret goes to another place; TLS by
    /// ``TLSRules``; 5 s to connect.
    public static func strict() -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(tlsConfiguration: TLSRules.client(), redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        return configuration
    }
}
