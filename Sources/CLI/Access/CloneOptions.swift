import ArgumentParser
import CurfewDesiredState
import CurfewGitSource
import CurfewModel

/// Which clone a person works in.
struct CloneOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Your clone of the repository.", valueName: "folder"), completion: .directory)
    var repo = "."
    @Option(name: .long, help: "The remote that Curfew's repository is.") var remote = "origin"
    @Option(name: .long, help: "The branch that Curfew follows.") var branch = "main"
    @Option(
        name: .long, help: ArgumentHelp("The SSH key to sign with; the default is git's user.signingkey.", valueName: "file"),
        completion: .file())
    var signingKey: String?

    func open() async throws -> WorkingClone {
        let clone = try await WorkingClone(at: repo, remote: remote, branch: branch, signingKey: signingKey)
        if !clone.ignoredSettings.isEmpty {
            let names = clone.ignoredSettings.prefix(5).joined(separator: ", ")
            Terminal.error(
                "note: of the clone's own configuration \(names) is not used; set it with `git config --global` if you need it")
        }
        return clone
    }
}

/// What a commit of a clone says about access.
struct PolicyView {
    let clone: WorkingClone
    let commit: ObjectID
    let policies: LoadedPolicies
    let grants: LoadedGrants

    init(_ clone: WorkingClone, at commit: ObjectID) async throws {
        (self.clone, self.commit) = (clone, commit)
        let tree = try LocalRepository(path: clone.objects).tree(at: commit)
        let loader = DesiredStateLoader(runtimes: [:], enforcesPolicies: true)
        policies = try loader.loadPolicies(tree)
        grants = try loader.loadGrants(tree)
    }

    /// Who works in this clone, by the address in git's configuration, or as `name` says.
    func person(_ name: String?) async throws -> Person {
        let known = policies.set.persons
        if let name {
            guard let person = Name(name).flatMap({ known[$0] }) else {
                throw ValidationError("there is no person '\(name.escapingControls)' in policies/")
            }
            return person
        }
        let email = await clone.setting("user.email")
        guard let email, let person = policies.set.person(withEmail: email) else {
            throw ValidationError(
                "git's user.email (\((email ?? "not set").escapingControls)) is nobody's in policies/; set it, or say who you are with --as"
            )
        }
        return person
    }

    func role(_ text: String) throws -> Role {
        if let role = Name(text).flatMap({ policies.set.roles[$0] }) { return role }
        let known = policies.set.roles.keys.sorted().map(\.rawValue).joined(separator: ", ")
        throw ValidationError("there is no role '\(text.escapingControls)'; there are: \(known)")
    }
}
