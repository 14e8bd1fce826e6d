import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc

/// What people do in it, with git and with `curfew`, each in a clone of their own.
extension AccessWorld {
    /// git as somebody, with their signature unless `-c` says otherwise.
    @discardableResult
    func git(_ person: String, _ arguments: String...) async throws -> String {
        let result = try await execute(
            "git", arguments, in: world.clone(person),
            environment: [
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
                "GIT_MERGE_AUTOEDIT": "no",
            ])
        guard result.code == 0 else {
            throw ProgramFailure(command: "git \(arguments.joined(separator: " "))", output: result.errors)
        }
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// `curfew` as somebody, in their clone.
    func curfew(_ person: String, _ arguments: String...) async throws -> ProgramResult {
        try await execute(
            world.program, arguments, in: world.clone(person),
            environment: [
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
                "XDG_STATE_HOME": world.scratch.file("state-\(person)"),
            ])
    }

    /// Brings somebody's clone to the branch's tip.
    func refresh(_ person: String) async throws {
        try await git(person, "fetch", "-q", "origin")
        try await git(person, "checkout", "-q", "main")
        try await git(person, "reset", "-q", "--hard", "origin/main")
    }

    /// The text of a grant's file.
    func grant(
        _ name: String, person: String = "alice", role: String = "debug", duration: String = "10m",
        reason: String = "\"INC-1: look\"", more: String = ""
    ) -> String {
        """
        apiVersion: curfew/v1
        kind: Grant
        metadata: { name: \(name) }
        spec:
          person: \(person)
          role: \(role)
          duration: \(duration)
          reason: \(reason)
        \(more)
        """
    }

    /// Writes files as somebody on a branch off main, commits and pushes the branch.
    /// - Parameter files: path → text; `nil` removes.
    @discardableResult
    func propose(_ person: String, _ files: [String: String?], branch: String, _ options: String...) async throws -> String {
        try await refresh(person)
        try await git(person, "checkout", "-q", "-B", branch)
        for (path, text) in files {
            let file = world.clone(person) + "/" + path
            guard let text else {
                unlink(file)
                continue
            }
            let folder = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        try await git(person, "add", "-A")
        let result = try await execute(
            "git", options + ["commit", "-q", "-m", "Propose \(branch)"], in: world.clone(person),
            environment: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"])
        guard result.code == 0 else { throw ProgramFailure(command: "git commit", output: result.errors) }
        try await git(person, "push", "-q", "--force", "origin", "HEAD:\(branch)")
        return try await git(person, "rev-parse", "HEAD")
    }

    /// Merges a branch as somebody, signed, and pushes main; the merge commit. Again, as people do, when Curfew has pushed meanwhile.
    @discardableResult
    func merge(_ person: String, _ branch: String) async throws -> String {
        for turn in 1... {
            try await refresh(person)
            try await git(person, "merge", "-q", "--no-ff", "-S", "-m", "Merge \(branch)", "origin/\(branch)")
            do {
                try await git(person, "push", "-q", "origin", "HEAD:main")
                break
            } catch let failure as ProgramFailure where turn < 5 && failure.output.contains("fetch first") {}
        }
        return try await git(person, "rev-parse", "HEAD")
    }

    /// The usual way: a request by alice's own command, merged by bob. The name of the grant.
    @discardableResult
    func getAccess(_ name: String = "one", for duration: String = "10m", person: String = "alice", by approver: String = "bob")
        async throws -> String
    {
        let asked = try await curfew(person, "request", "debug", "--for", duration, "--reason", "INC-1: look", "--name", name)
        guard asked.code == 0 else { throw ProgramFailure(command: "curfew request", output: asked.errors) }
        return try await merge(approver, "request/\(name)")
    }

    /// Fetches and installs the credentials; the certificate's file.
    func credentials(_ name: String = "one", person: String = "alice") async throws -> String {
        let result = try await curfew(
            person, "credentials", name, "--key", world.key(person), "--curfew-key", world.key("curfew") + ".pub", "--root",
            root,
            "--wait", "20s")
        guard result.code == 0 else { throw ProgramFailure(command: "curfew credentials", output: result.errors) }
        return world.key(person) + "-cert.pub"
    }

    /// `curfew approve` as somebody who has read the request as it is now.
    func approve(_ person: String, _ name: String) async throws -> ProgramResult {
        try await git(person, "fetch", "-q", "origin")
        var blob = try? await git(person, "rev-parse", "origin/request/\(name):grants/\(name).yaml")
        if blob == nil { blob = try await git(person, "rev-parse", "origin/main:grants/\(name).yaml") }
        return try await curfew(person, "approve", name, "--yes", blob ?? "")
    }

    /// An approval tag made with git alone, in anybody's name; the commit is where the grant's file is looked up.
    func tag(_ person: String, approves name: String, as approver: String, at commit: String = "HEAD") async throws {
        try await git(person, "fetch", "-q", "origin")
        let blob = try await git(person, "rev-parse", "\(commit):grants/\(name).yaml")
        let reference = "approvals/\(name)/\(approver)"
        let lines = "Curfew-Approve: \(blob)\nCurfew-Root: \(root)\nCurfew-Path: grants/\(name).yaml"
        try await git(person, "tag", "-f", "-s", "-m", "Approve\n\n\(lines)", reference, commit)
        try await git(person, "push", "-q", "--force", "origin", "refs/tags/\(reference)")
    }
}
