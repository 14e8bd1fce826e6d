import ArgumentParser
import CurfewDaemon
import CurfewGitSource
import CurfewModel
import Foundation

struct Credentials: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch what a grant gives you, decrypt it and put it in place.",
        discussion: """
            A certificate is put beside the key that it was made for, and the ssh command is printed.
            Example: curfew credentials alice-inc-4821 --key ~/.ssh/id_ed25519
            """)

    @OptionGroup var clone: CloneOptions
    @Argument(help: "The grant.") var grant: String
    @Option(name: .long, help: ArgumentHelp("Your private SSH key.", valueName: "file"), completion: .file())
    var key = "~/.ssh/id_ed25519"
    @Option(name: .long, help: "Wait at most so long for the grant to begin.") var wait = Span.seconds(60)

    func run() async throws {
        try await reporting {
            guard let name = Name(grant) else { throw ValidationError("'\(grant.escapingControls)' is no name of a grant") }
            let clone = try await clone.open()
            let (index, commit) = try await fetch(name, clone)
            Terminal.out("\(index.grant) for \(index.person), until \(index.end.text)")
            for entry in index.entries {
                guard entry.file.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 < 0x7F }),
                    !entry.file.hasPrefix("."), !entry.file.hasPrefix("-")
                else { throw ValidationError("the remote names a file that is no plain name: \(entry.file.escapingControls)") }
                let path = try await install(entry, of: commit, clone)
                Terminal.out("\(path)\n  \(entry.hint.replacingOccurrences(of: "{key}", with: keyPath).escapingControls)")
            }
        }
    }

    private var keyPath: String { (key as NSString).expandingTildeInPath }

    private func fetch(_ name: Name, _ clone: WorkingClone) async throws -> (CredentialIndex, ObjectID) {
        let reference = "refs/curfew/credentials/\(name)"
        let end = Date().addingTimeInterval(Double(wait.milliseconds) / 1000)
        while true {
            do {
                try await clone.git(["fetch", "--quiet", "--no-tags", clone.remote, "+\(reference):\(reference)"])
                let commit = try await clone.resolve(reference)
                let text = try await clone.git(["cat-file", "blob", "\(commit.hex):\(CredentialIndex.file)"])
                return (try JSONDecoder().decode(CredentialIndex.self, from: Data(text.utf8)), commit)
            } catch let error as GitError {
                guard Date() < end else {
                    throw GitError(
                        .missingObject, operation: "fetch credentials of", subject: name.rawValue,
                        "there are none: the grant is not active, or needs none (\(error.message)); see `curfew grants`")
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// Writes one file, for the owner alone; returns its path.
    private func install(_ entry: CredentialIndex.Entry, of commit: ObjectID, _ clone: WorkingClone) async throws -> String {
        let text = try await clone.git(["cat-file", "blob", "\(commit.hex):\(entry.file)"]) + "\n"
        var path = "\(keyPath)-cert.pub"
        var content = text
        if entry.isSecret {
            content = try await AgeFile.decrypt(text, with: keyPath)
            path = (keyPath as NSString).deletingLastPathComponent + "/" + String(entry.file.dropLast(4))
        } else if !entry.file.hasSuffix("-cert.pub") {
            path = (keyPath as NSString).deletingLastPathComponent + "/" + entry.file
        } else if index(of: entry.file) > 1 {
            path = "\(keyPath)-\(entry.file)"
        }
        try AgeFile.write(content, to: path)
        return path
    }

    /// `bastion-2-cert.pub` → 2: the certificate for the person's second key.
    private func index(of file: String) -> Int { Int(file.dropLast("-cert.pub".count).split(separator: "-").last ?? "") ?? 1 }
}
