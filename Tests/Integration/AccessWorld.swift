import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc

/// A world with `trust.mode: signed`, people with keys and clones of their own, a real sshd and the machine's sudo.
///
/// alice asks, bob and carol (team dba) approve, dave owns `policies/`, erin is known and may do nothing, mallory is unknown.
final class AccessWorld: Sendable {
    static let people = ["alice", "bob", "carol", "dave", "erin", "mallory"]
    let world: World
    let host: SSHHost
    let root: String
    private let prefix: String

    var sudoLog: String { host.scratch.file("sudo.log") }
    var dropIns: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/etc/sudoers.d")) ?? []).filter { $0.hasPrefix(prefix) }
    }

    /// Runs `body` in such a world with a daemon that has converged at the first commit.
    static func with(
        _ label: String, touches: Bool = false, policies more: String = "", configuration: String = "",
        bastion: @Sendable (SSHHost) -> String = local, engine: EngineHost? = nil, environment: [String: String] = [:],
        _ body: (AccessWorld, Daemon) async throws -> Void
    ) async throws {
        try await SSHHost.with { host in
            let world = try await AccessWorld(
                label, host, touches: touches, policies: more, configuration: configuration, bastion: bastion(host),
                engine: engine)
            defer { for file in world.dropIns { unlink("/etc/sudoers.d/" + file) } }
            try await world.world.withDaemon(environment: environment) { daemon in
                guard await world.verified(at: world.root) else {
                    throw ProgramFailure(command: "curfew run", output: daemon.log)
                }
                try await body(world, daemon)
            }
        }
    }

    /// The same with a service in this process, which goes by `clock`.
    static func with(
        _ label: String, clock: WallClock, touches: Bool = false, policies more: String = "", configuration: String = "",
        _ body: (AccessWorld) async throws -> Void
    ) async throws {
        try await SSHHost.with { host in
            let world = try await AccessWorld(
                label, host, touches: touches, policies: more, configuration: configuration, bastion: local(host))
            defer { for file in world.dropIns { unlink("/etc/sudoers.d/" + file) } }
            try await world.world.withService(clock) {
                guard await world.verified(at: world.root) else {
                    throw ProgramFailure(command: "service", output: try await world.told())
                }
                try await body(world)
            }
            try await world.world.tearDown()
        }
    }

    private init(
        _ label: String, _ host: SSHHost, touches: Bool, policies more: String, configuration: String, bastion: String,
        engine: EngineHost? = nil
    )
        async throws
    {
        self.host = host
        let world = try await World(label, engine: engine)
        self.world = world
        prefix = "cf\(host.account)-"
        for name in Self.people + ["curfew"] { try await SSHHost.makeKey(world.scratch.file("keys/\(name)", folder: true)) }
        if touches { try world.site(port: world.port) }
        try world.scratch.write(
            "work/policies/people.yaml", Self.people.dropLast().map { Self.person($0, host, world) }.joined(separator: "---\n"))
        try world.scratch.write("work/policies/access.yaml", Self.policies(host.account, touches: touches) + more)
        // sudo's own log lies where only this account's commands go.
        try host.scratch.write("sudo.log", "")
        try world.scratch.write("work/README", label)
        try world.signer("dave", in: world.work)
        root = try await world.begin()
        for name in Self.people {
            try await CurfewTestSupport.git("clone", "-q", world.remote, world.clone(name), in: world.scratch.path)
            try world.signer(name, in: world.clone(name))
        }
        var text = try String(contentsOfFile: world.configuration, encoding: .utf8)
        text = text.replacing("trust: { mode: none }", with: "trust: { root: \(root), owners: [dave] }")
        text += """

            identity: { name: Curfew, email: curfew@example.org, signingKey: keys/curfew }
            access:
              bastion: { type: ssh, ca: \(host.ca), \(bastion) }
              root: { type: sudo, prefix: \(prefix) }
            \(configuration)
            """
        try world.scratch.write("curfew.yaml", text)
    }

    private static func person(_ name: String, _ host: SSHHost, _ world: World) -> String {
        let key = world.publicKey(name)
        return """
            apiVersion: curfew/v1
            kind: Person
            metadata: { name: \(name) }
            spec: { emails: ["\(name)@example.org", "\(name)@alias.example"], signingKeys: ["\(key)"], loginKeys: ["\(key)"], accounts: { unix: \(host.account) } }

            """
    }

    /// The settings of a backend whose sshd runs on this machine.
    @Sendable static func local(_ host: SSHHost) -> String {
        "krl: \(host.krl), principals: \(host.principals), authLog: \(host.log), host: 127.0.0.1"
    }

    private static func policies(_ account: String, touches: Bool) -> String {
        """
        apiVersion: curfew/v1
        kind: Team
        metadata: { name: dba }
        spec: { members: [bob, carol] }
        ---
        apiVersion: curfew/v1
        kind: Team
        metadata: { name: oncall }
        spec: { members: [alice, carol] }
        ---
        apiVersion: curfew/v1
        kind: Role
        metadata: { name: debug }
        spec:
          binds:
            - { backend: bastion, with: { principals: [\(account)] } }
            - { backend: root, with: { commands: ["/usr/bin/id"] } }
          \(touches ? "touches: [web]" : "touches: []")
          replace: used
        ---
        apiVersion: curfew/v1
        kind: AccessPolicy
        metadata: { name: oncall }
        spec:
          roles: [debug]
          eligible: [team:oncall]
          maxDuration: 1h
          reason: { pattern: "^INC-[0-9]+: " }
          approvals: { count: 1, from: [team:dba] }
          breakGlass: { maxDuration: 10m, reviewWithin: 24h }
          requireSelfExpiry: true

        """
    }
}

extension Scratch {
    fileprivate func file(_ name: String, folder: Bool) -> String {
        let path = file(name)
        if folder, let slash = path.lastIndex(of: "/") {
            try? FileManager.default.createDirectory(atPath: String(path[..<slash]), withIntermediateDirectories: true)
        }
        return path
    }
}

extension World {
    func clone(_ person: String) -> String { scratch.file("clone-\(person)") }
    func key(_ person: String) -> String { scratch.file("keys/\(person)") }

    /// `type body`.
    func publicKey(_ person: String) -> String {
        ((try? String(contentsOfFile: key(person) + ".pub", encoding: .utf8)) ?? "").split(separator: " ").prefix(2).joined(
            separator: " ")
    }

    /// The first commit, signed as the work tree is set up; it is what `trust.root` pins.
    func begin() async throws -> String {
        for words in [["add", "-A"], ["commit", "-q", "-m", "Begin"], ["push", "-q", "origin", "HEAD:main"]] {
            let result = try await execute("git", words, in: work, environment: ["GIT_CONFIG_GLOBAL": "/dev/null"])
            guard result.code == 0 else { throw ProgramFailure(command: "git \(words[0])", output: result.errors) }
        }
        return try await git("rev-parse", "HEAD", in: work)
    }

    /// Makes a work tree somebody's: name, e-mail, and a signature under each commit and tag.
    func signer(_ person: String, in folder: String) throws {
        let path = folder + "/.git/config"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let more = """
            [user]
                name = \(person)
                email = \(person)@example.org
                signingkey = \(key(person))
            [gpg]
                format = ssh
            [commit]
                gpgsign = true
            [tag]
                gpgsign = true

            """
        try (text + more).write(toFile: path, atomically: true, encoding: .utf8)
    }
}
