public import CurfewDesiredState
import CurfewGitSource
import CurfewLocalRuntime
import CurfewModel
import Foundation
import Glibc

/// Looks for everything that Curfew needs on this machine.
public enum Checkup {
    /// What was found out about one thing.
    public struct Check: Sendable, Codable {
        /// How it stands.
        public enum Result: String, Sendable, Codable { case good, limited, missing }
        /// What was looked at.
        public var subject: String
        /// How it stands.
        public var result: Result
        /// What was found, and what to do.
        public var detail: String
    }

    /// Programs, with the Debian package that brings each.
    private static let programs = [
        ("haproxy", "haproxy", "traffic"), ("bwrap", "bubblewrap", "the sandbox of the local runtime"),
        ("ssh-keygen", "openssh-client", "commit signatures and host keys"), ("tar", "tar", "archives"),
    ]

    private static let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// Whether a program is there.
    static func program(_ name: String, _ package: String, _ purpose: String) -> Check {
        let found = folders.map { (folder: String) -> String in "\(folder)/\(name)" }.first { Glibc.access($0, X_OK) == 0 }
        return Check(
            subject: name, result: found == nil ? .missing : .good,
            detail: found ?? "needed for \(purpose); install it with: apt-get install \(package)")
    }

    /// Checks all; with a configuration also what it names.
    public static func run(configuration: ServiceConfiguration?) async -> [Check] {
        var checks = programs.map(program)
        for problem in await LocalRuntime.check() {
            checks.append(Check(subject: "sandbox", result: .missing, detail: problem))
        }
        let capabilities = LocalRuntime.capabilities()
        for limit in ["cpu", "memory", "pids"] {
            let missing = capabilities.missingLimits[limit]
            checks.append(
                Check(
                    subject: "limit \(limit)", result: missing == nil ? .good : .limited, detail: missing ?? "can be held here")
            )
        }
        if getuid() != 0 {
            checks.append(
                Check(
                    subject: "user", result: .limited, detail: "not root: instances run as this user, not as one of their own"))
        }
        guard let configuration else {
            checks.append(
                Check(
                    subject: "configuration", result: .limited,
                    detail: "none was read; name one with --config, or make one with `curfew init`"))
            return checks
        }
        let folder = StateFolder(path: configuration.state)
        do {
            try folder.create()
            checks.append(Check(subject: "state", result: .good, detail: folder.path))
        } catch {
            checks.append(Check(subject: "state", result: .missing, detail: "\(error)"))
        }
        for runtime in configuration.runtimes.values.sorted(by: { $0.name < $1.name }) where runtime.type != "local" {
            checks += await engine(runtime, configuration)
        }
        checks += secrets(configuration)
        checks += await repository(configuration)
        checks += access(configuration)
        checks += await swarms(configuration)
        checks += api(configuration)
        return checks
    }

    /// A token that goes over the network for everybody to read.
    private static func insecure(_ configuration: ServiceConfiguration) -> [Check] {
        let repository = configuration.repository
        guard repository.credentials.tokenFile != nil else { return [] }
        return ([repository.url] + repository.mirrors).filter { RepositoryLocation.sendsInTheClear($0) }.map { _ in
            Check(
                subject: "repository.credentials", result: repository.credentials.allowInsecure ? .limited : .missing,
                detail: repository.credentials.allowInsecure
                    ? "the token goes over plain http, for everybody on the way to read; use https://"
                    : "the token does not go over plain http; use https://, or set credentials.allowInsecure: true")
        }
    }

    /// Files with secrets: there, readable, and for nobody else.
    private static func secrets(_ configuration: ServiceConfiguration) -> [Check] {
        let credentials = configuration.repository.credentials
        let files =
            [
                credentials.tokenFile, credentials.sshKeyFile, credentials.passphraseFile, configuration.identity.signingKey,
            ] + configuration.backends.values.filter { $0.settings["agent"] == nil }.map { $0.settings["ca"]?.text }
        return insecure(configuration)
            + files.compactMap { $0 }.map { path in
                var info = stat()
                guard stat(path, &info) == 0, Glibc.access(path, R_OK) == 0 else {
                    return Check(subject: path, result: .missing, detail: "it cannot be read: \(reason(errno))")
                }
                return info.st_mode & 0o077 == 0
                    ? Check(subject: path, result: .good, detail: "readable by its owner alone")
                    : Check(subject: path, result: .limited, detail: "others can read it; run: chmod 600 \(path)")
            }
    }
}
