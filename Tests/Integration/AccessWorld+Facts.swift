import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc

/// What is really there.
extension AccessWorld {
    /// Waits until the service has accepted a commit (or the branch's tip).
    func verified(at commit: String, within limit: Duration = .seconds(30)) async -> Bool {
        await eventually(within: limit) { world.status?.revision?.hex == commit && world.status?.state == .converged }
    }

    /// What the service says of a grant.
    func shown(_ name: String = "one") -> Status.Grant? { world.status?.grants.first { $0.name.rawValue == name } }

    /// Waits until a grant is in a state.
    func reaches(_ state: String, _ name: String = "one", within limit: Duration = .seconds(20)) async -> Bool {
        await eventually(within: limit) { shown(name)?.state == state }
    }

    func logsIn(_ certificate: String, person: String = "alice") async throws -> Bool {
        try await host.admits(certificate: certificate, key: world.key(person))
    }

    func maySudo() async throws -> Bool {
        try await execute("runuser", ["-u", host.account, "--", "sudo", "-n", "/usr/bin/id"], in: "/").code == 0
    }

    /// Subjects of the first-parent commits of the branch, newest first.
    func subjects() async throws -> [String] {
        try await CurfewTestSupport.git("log", "--first-parent", "--format=%s", "main", in: world.remote).split(
            separator: "\n"
        ).map(String.init)
    }

    /// Waits until the newest commit is Curfew's revert of a grant; its message.
    func reverted(_ name: String = "one", within limit: Duration = .seconds(20)) async throws -> String {
        let isThere = try await eventually(within: limit) {
            try await CurfewTestSupport.git("log", "--format=%B", "--author=Curfew", "main", in: world.remote).contains(
                "Curfew-Grant: \(name) ")
        }
        guard isThere else { throw ProgramFailure(command: "wait for the revert of \(name)", output: try await told()) }
        return try await CurfewTestSupport.git(
            "log", "-1", "--format=%B", "--author=Curfew", "--grep=Curfew-Grant: \(name) ", "main", in: world.remote)
    }

    /// What a person would read: for a failing test.
    func told() async throws -> String {
        let (grants, status) = (try await world.curfew("grants"), try await world.curfew("status"))
        let events = try await world.curfew("events")
        return [grants.output, status.output, events.output].joined(separator: "\n")
    }

    /// Whether there is nothing at all: no drop-in, no line for anybody, no active grant.
    func isWithoutAccess() throws -> Bool {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: host.principals)) ?? []
        let lines = files.flatMap { name in
            ((try? String(contentsOfFile: host.principals + "/" + name, encoding: .utf8)) ?? "").split(separator: "\n")
        }
        return dropIns.isEmpty && lines.allSatisfy { $0.hasPrefix("#") }
    }

    /// `git verify-commit` of everything that the branch holds, with what `curfew trust export` prints.
    func unverifiable() async throws -> [String] {
        try await refresh("dave")
        let allowed = try await curfew("dave", "trust", "export", "--rev", "origin/main", "--config", world.configuration)
        let file = try world.scratch.write("allowed", allowed.output)
        let all = try await CurfewTestSupport.git("rev-list", "main", in: world.remote).split(separator: "\n")
        var bad: [String] = []
        for commit in all {
            let result = try await execute(
                "git", ["-c", "gpg.ssh.allowedSignersFile=\(file)", "verify-commit", String(commit)], in: world.remote)
            if result.code != 0 { bad.append("\(commit) \(result.errors)") }
        }
        return bad
    }
}
