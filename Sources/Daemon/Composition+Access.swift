public import CurfewDesiredState
import CurfewDrivers
import CurfewExecBackend
public import CurfewGates
import CurfewGitSource
import CurfewJournal
public import CurfewModel
import CurfewSSHBackend
import CurfewSudoBackend
import Foundation
import Subprocess

extension Composition {
    /// The access backends of a configuration. Nothing is opened yet.
    static func backends(of configuration: ServiceConfiguration, state: StateFolder, clock: @escaping @Sendable () -> Instant)
        -> [Name: AccessBackendDriver]
    {
        configuration.backends.compactMapValues { backend in
            let settings = backend.settings
            func text(_ key: String) -> String? { settings[key]?.text }
            switch backend.type {
            case "ssh":
                var ssh = SSHBackendConfiguration(
                    name: backend.name, folder: state.access(backend.name), ca: text("ca") ?? "",
                    agentSocket: text("agent"), krl: text("krl"))
                ssh.principals = text("principals")
                ssh.authLog = text("authLog")
                if case .bool(let cuts)? = settings["cutSessions"] { ssh.cutSessions = cuts }
                if case .integer(let seconds)? = settings["signTimeout"] { ssh.signTimeout = .seconds(seconds) }
                ssh.hook = settings["hook"]?.texts ?? []
                if let host = text("host") { ssh.host = host }
                if case .bool(let publishes)? = settings["publish"] { ssh.publishes = publishes }
                let driver = SSHBackend(configuration: ssh, now: clock)
                return AccessBackendDriver(backend: driver) { try await driver.open() }
            case "sudo":
                var sudo = SudoBackendConfiguration(name: backend.name, stateFolder: state.access(backend.name))
                if let folder = text("folder") { sudo.folder = folder }
                sudo.log = text("log")
                if let hosts = settings["hosts"]?.texts { sudo.hosts = hosts }
                if let prefix = text("prefix") { sudo.prefix = prefix }
                let driver = SudoBackend(configuration: sudo, now: clock)
                return AccessBackendDriver(backend: driver) { try await driver.open() }
            case "docker-exec":
                guard let runtime = text("runtime").flatMap({ Name($0) }) else { return nil }
                var exec = ExecBackendConfiguration(
                    name: backend.name, folder: state.access(backend.name), runtime: runtime)
                if case .bool(let records)? = settings["recordInput"] { exec.recordsInput = records }
                let usual = ServiceConfiguration(repository: configuration.repository).state
                if configuration.state != usual { exec.socket = state.execSocket }
                let driver = ExecBackend(configuration: exec, now: clock)
                return AccessBackendDriver(backend: driver) { try await driver.open() }
            default: return nil
            }
        }
    }

    /// What verifies the branch; `nil` with `trust.mode: none`.
    /// - Parameter journal: where it is remembered what counts once; `nil` for a command that only looks.
    static func trustKeeper(
        of configuration: ServiceConfiguration, mirror: Mirror, loader: DesiredStateLoader, journal: Journal?,
        clock: WallClock
    ) async throws -> TrustKeeper? {
        guard configuration.trust == .signed, let root = configuration.trustRoot else { return nil }
        return TrustKeeper(
            mirror: mirror, loader: loader, rules: try await trustRules(of: configuration), root: root, journal: journal,
            clock: clock)
    }

    /// What tells Curfew's own commits from those of others.
    static func ownCommits(
        of configuration: ServiceConfiguration, mirror: Mirror, loader: DesiredStateLoader, trust: TrustKeeper?
    )
        async throws -> OwnCommits
    {
        if let trust { return trust.own }
        let key = try await trustRules(of: configuration).curfewKey
        return OwnCommits(mirror: mirror, loader: loader, key: key, root: nil)
    }

    /// What the gates have to know of a configuration's backends; nothing is opened.
    public static func backendFacts(of configuration: ServiceConfiguration) -> [Name: BackendFacts] {
        backends(of: configuration, state: StateFolder(path: configuration.state), clock: { WallClock.system.now }).mapValues {
            let backend = $0.backend
            return BackendFacts(selfExpiring: backend.capabilities.selfExpiring) { backend.problems(with: $0, for: $1) }
        }
    }

    /// Who is trusted besides the policies: the owners, and the public half of Curfew's own key.
    /// - Throws: ``DaemonError`` when the key cannot be read.
    public static func trustRules(of configuration: ServiceConfiguration) async throws -> TrustRules {
        var rules = TrustRules(owners: configuration.trustOwners, root: configuration.trustRoot)
        if let key = configuration.identity.signingKey { rules.curfewKey = try await publicKey(of: key) }
        return rules
    }

    /// The public half of a private key's file: what lies beside it, or what `ssh-keygen` reads out of it.
    static func publicKey(of path: String) async throws -> SSHPublicKey {
        if let text = try? String(contentsOfFile: path + ".pub", encoding: .utf8),
            let key = SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines))
        {
            return key
        }
        let result = try await run(
            .name("ssh-keygen"), arguments: ["-y", "-P", "", "-f", path], output: .string(limit: 16_384),
            error: .string(limit: 4096))
        guard case .exited(0) = result.terminationStatus,
            let key = SSHPublicKey(result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines))
        else {
            throw DaemonError(
                .storage, operation: "read the key", subject: path,
                "it is no private SSH key without a passphrase: \(result.standardError.prefix(200).description.escapingControls)"
            )
        }
        return key
    }
}

/// A backend and how it is made ready.
struct AccessBackendDriver: Sendable {
    var backend: any AccessBackend
    var open: @Sendable () async throws -> Void
}
