import CurfewGitSource
public import CurfewModel
import CurfewSSHBackend
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Keeps a host's revocation list and principals equal to what Curfew published: everything that a host needs is read access
/// to the repository and Curfew's public key.
public struct HostSync: Sendable {
    /// Where from, what, and where to.
    public struct Options: Sendable {
        /// The repository, as git takes it.
        public var url: String
        /// The access backend whose host this is.
        public var backend: Name
        /// Whose signature counts.
        public var key: SSHPublicKey
        /// Where the fetched objects and the last version lie.
        public var state: String
        /// The file of sshd's `RevokedKeys`.
        public var krl: String
        /// The file of `TrustedUserCAKeys`; `nil` = left alone.
        public var authority: String?
        /// The folder of `AuthorizedPrincipalsFile`; `nil` = left alone.
        public var principals: String?
        /// Makes options.
        public init(
            url: String, backend: Name, key: SSHPublicKey, state: String, krl: String, authority: String?, principals: String?
        ) {
            (self.url, self.backend, self.key, self.state) = (url, backend, key, state)
            (self.krl, self.authority, self.principals) = (krl, authority, principals)
        }
    }
    private let options: Options
    private let queue = PrivateQueue("host-sync")
    private static let deadline = Duration.seconds(60)
    private var repository: String { options.state + "/repository" }
    private var versionFile: String { options.state + "/version" }

    /// Nothing is touched yet.
    public init(_ options: Options) { self.options = options }

    /// One round: fetch, verify, install.
    /// - Returns: the version that is in place now.
    /// - Throws: ``GitError`` or a driver's error; then what was in place stays.
    public func run() async throws -> Int64 {
        guard !options.url.hasPrefix("-"), !options.url.contains("::") else {
            throw GitError(
                .invalid, operation: "fetch from", subject: options.url.escapingControls, "it is no repository's address")
        }
        try FileManager.default.createDirectory(
            atPath: options.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if !FileManager.default.fileExists(atPath: repository + "/HEAD") {
            try await git(["init", "--quiet", "--bare", repository])
        }
        let reference = "refs/curfew/hosts/\(options.backend)"
        try await git([
            "--git-dir", repository, "fetch", "--quiet", "--no-tags", "--depth=1", "--", options.url,
            "+\(reference):\(reference)",
        ])
        let (options, repository, versionFile) = (options, repository, versionFile)
        return try await queue.run {
            let local = try LocalRepository(path: repository)
            let bytes = try local.file(
                HostBundle.file, of: try local.resolve(reference), signedBy: options.key, limit: 64 << 20)
            let bundle = try JSONDecoder().decode(HostBundle.self, from: Data(bytes))
            let seen = (try? String(contentsOfFile: versionFile, encoding: .utf8)).flatMap { Int64($0) } ?? 0
            try HostInstaller.install(
                bundle, krl: options.krl, caFile: options.authority, principals: options.principals, minimumVersion: seen)
            if bundle.version > seen {
                try Data("\(bundle.version)".utf8).write(to: URL(filePath: versionFile), options: .atomic)
            }
            return bundle.version
        }
    }

    private func git(_ arguments: [String]) async throws {
        let fixed = ["-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0"]
        let code: Int32? = try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    .name("git"), arguments: Arguments(fixed + arguments),
                    environment: .inherit.updating([
                        "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "LC_ALL": "C",
                    ]), input: .none, output: .discarded, error: .discarded)
                if case .exited(let code) = result.terminationStatus { return Int32(code) }
                return 128
            }
            group.addTask {
                try await Task.sleep(for: Self.deadline)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        if code == 0 { return }
        throw GitError(
            code == nil ? .timedOut : .unreachable, operation: "fetch from", subject: options.url.escapingControls,
            code == nil
                ? "no answer within 60 s"
                : "git ended with \(code ?? 0): the repository cannot be reached, or nothing is published for \(options.backend) (publish: true in the service's configuration)"
        )
    }
}
