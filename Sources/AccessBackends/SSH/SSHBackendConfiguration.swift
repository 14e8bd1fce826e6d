public import CurfewModel

/// How the SSH backend is set up.
public struct SSHBackendConfiguration: Sendable, Hashable {
    /// What roles call it.
    public var name: Name
    /// Where it keeps what it issued; absolute.
    public var folder: String
    /// The key of the certificate authority: a private one without a passphrase, or with ``agentSocket`` the public one.
    public var ca: String
    /// The socket of the ssh-agent that has the authority's private key; `nil` = ``ca`` is the private key.
    public var agentSocket: String?
    /// The file that sshd's `RevokedKeys` names.
    public var krl: String
    /// The folder of `AuthorizedPrincipalsFile <folder>/%u`; `nil` = the hosts map principals themselves.
    public var principals: String?
    /// sshd's log at `LogLevel VERBOSE`, for evidence of use and for cutting sessions: `journald`, or a file's path.
    public var authLog: String?
    /// How long one signature may take; longer where a person has to touch a token.
    public var signTimeout = Duration.seconds(10)
    /// Whether live sessions on this host are ended.
    public var cutSessions: Bool
    /// Run at the end of each grant, for other hosts: an argument vector in which `{grant}`, `{serial}` and `{principal}`
    /// (several joined by commas) are replaced.
    public var hook: [String]
    /// What people log in to, for the command that is shown to them.
    public var host: String

    /// Whether hosts fetch the revocation list and the principals from Git.
    public var publishes: Bool

    /// Makes a configuration; `krl` is `<folder>/krl` unless it is given.
    public init(
        name: Name, folder: String, ca: String, agentSocket: String? = nil, krl: String? = nil, principals: String? = nil,
        authLog: String? = nil, cutSessions: Bool = true, hook: [String] = [], host: String = "HOST",
        publishes: Bool = false
    ) {
        (self.name, self.folder, self.ca, self.agentSocket) = (name, folder, ca, agentSocket)
        self.krl = krl ?? folder + "/krl"
        (self.principals, self.authLog, self.cutSessions) = (principals, authLog, cutSessions)
        (self.hook, self.host, self.publishes) = (hook, host, publishes)
    }
}
