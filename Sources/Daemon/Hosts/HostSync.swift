import CurfewGitSource
public import CurfewModel
import CurfewSSHBackend
import CurfewSystem
import Foundation

/// Keeps a host's revocation list and principals equal to what Curfew published: everything that a host needs is read access
/// to the repository, Curfew's public key and the repository's root commit.
public struct HostSync: Sendable {
    /// Where from, what, and where to.
    public struct Options: Sendable {
        /// The repository, as git takes it.
        public var url: String
        /// The access backend whose host this is.
        public var backend: Name
        /// Whose signature counts.
        public var key: SSHPublicKey
        /// The repository whose publications count, by the commit that its service pins as `trust.root`; `nil` = that of the
        /// first one that is taken.
        public var root: ObjectID?
        /// Where the fetched objects and what was seen last lie.
        public var state: String
        /// The file of sshd's `RevokedKeys`.
        public var krl: String
        /// The file of `TrustedUserCAKeys`: read, never written; `nil` = not known.
        public var authority: String?
        /// The folder of `AuthorizedPrincipalsFile`; `nil` = left alone.
        public var principals: String?
        /// Makes options.
        public init(
            url: String, backend: Name, key: SSHPublicKey, root: ObjectID?, state: String, krl: String, authority: String?,
            principals: String?
        ) {
            (self.url, self.backend, self.key, self.root, self.state) = (url, backend, key, root, state)
            (self.krl, self.authority, self.principals) = (krl, authority, principals)
        }
    }
    /// What a round did.
    public struct Outcome: Sendable, Equatable {
        /// The version of the revocation list that is in place now.
        public var version: Int64
        /// What whoever runs it should know.
        public var warnings: [String]
    }
    private let options: Options
    private let now: @Sendable () -> Instant
    private let queue = PrivateQueue("host-sync")
    private var repository: String { options.state + "/repository" }

    /// Nothing is touched yet.
    public init(_ options: Options, now: @escaping @Sendable () -> Instant = { WallClock.system.now }) {
        (self.options, self.now) = (options, now)
    }

    /// One round: fetch, verify, install.
    /// - Throws: ``GitError`` or a driver's error; then what was in place stays.
    public func run() async throws -> Outcome {
        guard !options.url.hasPrefix("-"), !options.url.contains("::") else {
            throw GitError(
                .invalid, operation: "fetch from", subject: options.url.escapingControls, "it is no repository's address")
        }
        try FileManager.default.createDirectory(
            atPath: options.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let reference = "refs/curfew/hosts/\(options.backend)"
        return try await queue.run {
            try fetch(reference)
            let local = try LocalRepository(path: repository)
            let publication = try local.publication(at: try local.resolve(reference), limit: HostBundle.limit)
            return try take(publication)
        }
    }

    /// Judges what was fetched and puts it in place.
    private func take(_ publication: SignedPublication) throws -> Outcome {
        let memory = try HostMemory.read(options.state)
        let root = options.root ?? memory.root ?? publication.statement.root
        try publication.check(key: options.key, root: root, purpose: .hosts(backend: options.backend), now: now())
        guard publication.statement.sequence >= memory.sequence ?? 0 else {
            throw GitError(
                .invalid, operation: "verify", subject: "the publication",
                "it is older than the one that was taken last (\(publication.statement.sequence) before \(memory.sequence ?? 0))"
            )
        }
        guard let bundle = HostBundle(files: publication.files) else {
            throw GitError(.invalid, operation: "verify", subject: "the publication", "its files are not those for hosts")
        }
        var warnings: [String] = []
        if options.root == nil { warnings.append("taken for the repository of \(root.hex); name it with --root") }
        let trusted = try fingerprint(&warnings)
        try HostInstaller.install(
            bundle, krl: options.krl, authority: trusted ?? memory.authority, principals: options.principals,
            minimumVersion: memory.version ?? 0)
        let next = HostMemory(
            root: root, authority: trusted ?? bundle.authority, sequence: publication.statement.sequence,
            version: bundle.version)
        if next != memory { try next.write(options.state) }
        return Outcome(version: bundle.version, warnings: warnings)
    }

    /// That of the authority's key on this host, which an administrator has put there.
    private func fingerprint(_ warnings: inout [String]) throws -> String? {
        guard let path = options.authority else { return nil }
        guard let bytes = try PlainFile.read(path, limit: 64 << 10) else {
            warnings.append("\(path) is not there: put the authority's public key there; it is never taken from Git")
            return nil
        }
        let keygen = Program("ssh-keygen", ["-l", "-E", "sha256", "-f", "/dev/fd/3"], files: [bytes])
        let printed = try keygen.runBlocking(within: .seconds(30)).text
        let found = printed.split(separator: "\n").compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("SHA256:") }.map(String.init)
        }
        // One of several: the host trusts others too, and what is for none of them is for the memory to judge.
        return found.count == 1 ? found[0] : nil
    }

    private func fetch(_ reference: String) throws {
        if (try? HostMemory.isFull(repository)) == true { try? FileManager.default.removeItem(atPath: repository) }
        if !FileManager.default.fileExists(atPath: repository + "/HEAD") {
            try git(["init", "--quiet", "--bare", "--template=", repository])
        }
        try git([
            "--git-dir", repository, "fetch", "--quiet", "--no-tags", "--depth=1", "--", options.url,
            "+\(reference):\(reference)",
        ])
    }

    private func git(_ arguments: [String]) throws {
        do {
            let result = try HostGit.program(arguments).runBlocking(within: .seconds(60))
            if result.isSuccess { return }
            throw GitError(
                .unreachable, operation: "fetch from", subject: options.url.escapingControls,
                "the repository cannot be reached, or nothing is published for \(options.backend) (publish: true in the service's configuration): \(result.lastComplaint)"
            )
        } catch let error as SystemError {
            throw GitError(
                error.code == .timedOut ? .timedOut : .failed, operation: "fetch from", subject: options.url.escapingControls,
                error.message)
        }
    }
}
