/// `api`: where the HTTP API listens, and who may ask it. All paths are absolute.
public struct APIConfiguration: Sendable, Hashable {
    /// Where it listens.
    public enum Listen: Sendable, Hashable {
        /// Nowhere.
        case off
        /// On a Unix socket; `nil` = `api.sock` in the state folder.
        case unix(path: String?)
        /// On a literal IPv4 or IPv6 address (without brackets); port 0 takes any free one.
        case address(String, port: Int)
    }
    /// Files in PEM.
    public struct TLS: Sendable, Hashable {
        /// The server's certificate, with those in between.
        public var cert: String
        /// Its private key.
        public var key: String
        /// Names the files.
        public init(cert: String, key: String) { (self.cert, self.key) = (cert, key) }
    }
    /// `api.oidc`: whose tokens are taken.
    public struct OIDC: Sendable, Hashable {
        /// As it stands in tokens; `https://…`.
        public var issuer: String
        /// What tokens have to be made for.
        public var audience: String
        /// The claim that holds a person's groups: a list of words, or one word.
        public var groupsClaim = "groups"
        /// Groups that may look.
        public var viewers: [String] = []
        /// Groups that may look and pause, resume, sync and retry.
        public var operators: [String] = []
        /// Nobody yet.
        public init(issuer: String, audience: String) { (self.issuer, self.audience) = (issuer, audience) }
    }
    /// Who may send hints to fetch; each has the secret of its hook in a file.
    public enum Forge: String, Sendable, Hashable, CaseIterable { case github, gitlab, gitea, generic }

    /// Where it listens.
    public var listen = Listen.unix(path: nil)
    /// Whether everybody who reaches it may look. Only on a loopback address.
    public var allowsAnonymousViewers = false
    /// Names that requests may be addressed to, beside the address itself (and `localhost` on a loopback address).
    public var hosts: [String] = []
    /// Encryption.
    public var tls: TLS?
    /// File of bearer tokens.
    public var tokens: String?
    /// Tokens of an identity provider.
    public var oidc: OIDC?
    /// Files of the secrets of webhooks.
    public var webhooks: [Forge: String] = [:]

    /// The Unix socket in the state folder, and nobody else.
    public init() {}

    /// Whether only programs of this machine reach it.
    public var isLocal: Bool {
        switch listen {
        case .off, .unix: true
        case .address(let host, _): host == "::1" || host.hasPrefix("127.")
        }
    }
}
