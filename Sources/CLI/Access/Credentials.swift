import ArgumentParser
import CurfewDaemon
import CurfewDesiredState
import CurfewGitSource
import CurfewModel
import Foundation
import Glibc

struct Credentials: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch what a grant gives you, decrypt it and put it in place.",
        discussion: """
            A certificate is put beside the key that it was made for, and the ssh command is printed. What Curfew publishes is
            signed: give its public key and the repository's root once, and they are remembered. Without them the first
            publication's are remembered, and nothing secret is taken.
            Example: curfew credentials alice-inc-4821 --key ~/.ssh/id_ed25519 --curfew-key curfew.pub
            """)

    @OptionGroup var clone: CloneOptions
    @OptionGroup var anchor: AnchorOptions
    @Argument(help: "The grant.") var grant: String
    @Option(name: .long, help: ArgumentHelp("Your private SSH key.", valueName: "file"), completion: .file())
    var key = "~/.ssh/id_ed25519"
    @Option(
        name: .long, help: ArgumentHelp("Curfew's public key: only what it has signed is taken.", valueName: "file"),
        completion: .file())
    var curfewKey: String?
    @Option(name: .long, help: "Wait at most so long for the grant to begin.") var wait = Span.seconds(60)

    func run() async throws {
        try await reporting {
            guard let name = Name(grant) else { throw ValidationError("'\(grant.escapingControls)' is no name of a grant") }
            let clone = try await clone.open()
            let own = try await ExecKey(key)
            let found = try await fetch(name, clone)
            var known = try KnownRepositories.read()
            let isAnchored = try await check(found, of: name, clone, &known)
            guard known.take(found.publication.statement, of: name) else {
                throw CredentialFailure(
                    description: "an older publication of \(name) was put in the place of a newer one; nothing was taken")
            }
            var installer = CredentialInstaller(
                grant: name, key: (key as NSString).expandingTildeInPath, line: own.line, isAnchored: isAnchored, known: known)
            Terminal.out("\(name) for \(found.file.grant.person), until \(found.publication.statement.end.text)")
            defer { try? installer.known.write() }
            for path in try await installer.install(found.publication.files) { Terminal.out(path) }
            for hint in CredentialHint.lines(for: found.file.grant, key: installer.key, in: found.view.policies.set) {
                Terminal.out("  \(hint.escapingControls)")
            }
        }
    }

    /// A grant that is on the branch, and what is published for it.
    private struct Found {
        var tip: ObjectID
        var view: PolicyView
        var file: GrantFile
        var publication: SignedPublication
    }

    private func fetch(_ name: Name, _ clone: WorkingClone) async throws -> Found {
        let reference = "refs/curfew/credentials/\(name)"
        let end = ContinuousClock.now + .milliseconds(wait.milliseconds)
        while true {
            do {
                let tip = try await clone.fetch()
                let view = try await PolicyView(clone, at: tip)
                guard let file = view.grants.files.first(where: { $0.grant.name == name }) else {
                    throw GitError(
                        .missingObject, operation: "fetch", subject: name.rawValue, "it is not on the branch \(clone.branch)")
                }
                try await clone.git([
                    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", clone.remote, "+\(reference):\(reference)",
                ])
                let commit = try await clone.resolve(reference)
                let publication = try LocalRepository(path: clone.objects).publication(at: commit, limit: 4 << 20)
                // Of an earlier grant by this name until the new one is given.
                let expected = PublicationStatement.Purpose.credentials(
                    grant: name, blob: file.blob, person: file.grant.person)
                guard publication.statement.purpose == expected else {
                    throw GitError(
                        .invalid, operation: "verify", subject: "the publication",
                        "it is for something else: \(publication.statement.purpose.words)")
                }
                return Found(tip: tip, view: view, file: file, publication: publication)
            } catch let error as GitError {
                guard ContinuousClock.now < end else {
                    throw GitError(
                        .missingObject, operation: "fetch credentials of", subject: name.rawValue,
                        "there are none: the grant is not active, or needs none (\(error.message)); see `curfew explain \(name)`"
                    )
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// Whether the publication is Curfew's, of this repository, for this grant as it is on the branch, and for its person.
    /// - Returns: whether somebody has said whose signature counts.
    private func check(_ found: Found, of name: Name, _ clone: WorkingClone, _ known: inout KnownRepositories) async throws
        -> Bool
    {
        let publication = found.publication
        let before = known[clone]
        let given = try curfewKey.map(PublicKeyFile.read)
        let key = given ?? before.flatMap { SSHPublicKey($0.key) } ?? publication.key
        let root = try anchor.root.map(RepositoryRoot.read) ?? before?.root ?? publication.statement.root
        try publication.check(
            key: key, root: root,
            purpose: .credentials(grant: name, blob: found.file.blob, person: found.file.grant.person), now: .now)
        _ = try await clone.git(["merge-base", "--is-ancestor", root.hex, found.tip.hex])
        if given == nil, before == nil {
            let persons = found.view.policies.set.persons.values
            guard !persons.contains(where: { $0.loginKeys.contains(key) || $0.signingKeys.contains { $0.key == key } }) else {
                throw CredentialFailure(
                    description: "the publication is signed by a person's key and not by Curfew's; nothing was taken")
            }
            Terminal.error(
                "warning: \(key.line) is taken as Curfew's key from now on; compare it, and name it with --curfew-key (kept in \(KnownRepositories.path))"
            )
        }
        let isAnchored = given != nil || before?.isConfirmed == true
        known.know(clone, .init(root: root, key: key.line, isConfirmed: isAnchored))
        return isAnchored
    }
}

extension Instant {
    fileprivate static var now: Instant { WallClock.system.now }
}
