public import CurfewModel

/// Where the declarative repository is, and how it is reached.
public struct RepositoryLocation: Sendable {
    /// `file://`, an absolute path, `https://`, `http://`, `ssh://`, `user@host:path` or `git://`.
    public var url: String
    /// Tried in order when ``url`` does not answer; only for reading.
    public var mirrors: [String]
    /// The branch to follow.
    public var branch: String
    /// The longest time that one exchange with one address may take.
    public var timeout: Span
    /// The most that one fetch may add.
    public var longestFetch: ByteCount
    /// How to log in.
    public var credentials: GitCredentials
    /// Who Curfew's own commits are by.
    public var identity: GitIdentity

    /// Makes a location.
    public init(
        url: String, mirrors: [String] = [], branch: String = "main", timeout: Span = .seconds(60),
        longestFetch: ByteCount = ByteCount(512 << 20),
        credentials: GitCredentials = GitCredentials(), identity: GitIdentity = GitIdentity()
    ) {
        self.url = url
        self.mirrors = mirrors
        self.branch = branch
        self.timeout = timeout
        self.longestFetch = longestFetch
        self.credentials = credentials
        self.identity = identity
    }
}

extension RepositoryLocation {
    /// Whether a token for this address would go over the network for everybody to read.
    public static func sendsInTheClear(_ address: String) -> Bool {
        guard let url = try? RemoteURL(address) else { return false }
        return url.scheme == .http && !url.isLoopback
    }
}

/// How to log in: names of files, never secrets themselves. Only the child process reads them.
public struct GitCredentials: Sendable, Codable, Hashable {
    /// User name; the default is the one in the address, or `git`.
    public var username: String?
    /// File with a token or password for http(s).
    public var tokenFile: String?
    /// File with an SSH private key.
    public var sshKeyFile: String?
    /// File with the key's passphrase.
    public var passphraseFile: String?
    /// Known SSH host keys; the default is `/etc/ssh/ssh_known_hosts`.
    public var knownHostsFile: String?
    /// PEM file with the authorities to trust for https instead of the system's.
    public var certificateAuthorityFile: String?
    /// Whether the token may go over plain http to another machine; `nil` = no.
    public var allowsInsecure: Bool?

    /// Makes credentials; all absent means anonymous.
    public init(
        username: String? = nil, tokenFile: String? = nil, sshKeyFile: String? = nil, passphraseFile: String? = nil,
        knownHostsFile: String? = nil, certificateAuthorityFile: String? = nil, allowsInsecure: Bool? = nil
    ) {
        self.username = username
        self.tokenFile = tokenFile
        self.sshKeyFile = sshKeyFile
        self.passphraseFile = passphraseFile
        self.knownHostsFile = knownHostsFile
        self.certificateAuthorityFile = certificateAuthorityFile
        self.allowsInsecure = allowsInsecure
    }
}

/// Who Curfew's own commits are by.
public struct GitIdentity: Sendable, Hashable {
    /// Author and committer name.
    public var name: String
    /// Author and committer e-mail.
    public var email: String
    /// SSH private key that signs them; `nil` = unsigned.
    public var signingKeyFile: String?

    /// Makes an identity.
    public init(name: String = "Curfew", email: String = "curfew@localhost", signingKeyFile: String? = nil) {
        (self.name, self.email, self.signingKeyFile) = (name, email, signingKeyFile)
    }
}

/// One commit.
public struct CommitInfo: Sendable, Hashable {
    /// The commit.
    public var id: ObjectID
    /// Its tree.
    public var tree: ObjectID
    /// Its parents; the first is the branch it was made on.
    public var parents: [ObjectID]
    /// As written; hostile text.
    public var authorName: String
    /// As written.
    public var authorEmail: String
    /// As written.
    public var committerEmail: String
    /// The committer's time, as claimed.
    public var committedAt: Instant
    /// The whole message, as written.
    public var message: String

    /// The first line of the message.
    public var summary: String { String(message.prefix { !$0.isNewline }) }

    /// What the message says to machines.
    public var trailers: Trailers { Trailers(message) }
}
