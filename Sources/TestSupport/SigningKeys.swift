public import CurfewModel
import Foundation

/// Keys of people, made by ssh-keygen in a folder, and git commands that are signed with them.
public struct SigningKeys: Sendable {
    private let scratch: Scratch

    /// Makes an ed25519 key for each of `people`, without a passphrase.
    public init(_ scratch: Scratch, _ people: String...) async throws {
        self.scratch = scratch
        for person in people { try await SSHHost.makeKey(scratch.file("key-\(person)")) }
    }

    /// The file of somebody's private key.
    public func path(_ person: String) -> String { scratch.file("key-\(person)") }

    /// Somebody's public key.
    public func key(_ person: String) throws -> SSHPublicKey {
        let text = try String(contentsOfFile: path(person) + ".pub", encoding: .utf8)
        guard let key = SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ProgramFailure(command: "ssh-keygen", output: text)
        }
        return key
    }

    /// Runs git as somebody: commits, merges and tags carry their name, their address (`<person>@example.org`) and their
    /// signature. Returns what it writes, without the last newline.
    @discardableResult
    public func git(as person: String, _ arguments: String..., in folder: String) async throws -> String {
        let settings = [
            "user.name=\(person)", "user.email=\(person)@example.org", "user.signingkey=\(path(person))", "gpg.format=ssh",
            "commit.gpgsign=true", "tag.gpgsign=true",
        ]
        let result = try await execute(
            "git", settings.flatMap { ["-c", $0] } + arguments, in: folder,
            environment: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_TERMINAL_PROMPT": "0"])
        guard result.code == 0 else {
            throw ProgramFailure(command: "git \(arguments.joined(separator: " "))", output: result.errors)
        }
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// Signs text for a purpose; the armoured signature.
    public func sign(_ text: String, as person: String, for namespace: String = "git") async throws -> String {
        let file = try scratch.write("signed-\(UUID().uuidString)", text)
        let result = try await execute("ssh-keygen", ["-q", "-Y", "sign", "-n", namespace, "-f", path(person), file])
        guard result.code == 0 else { throw ProgramFailure(command: "ssh-keygen -Y sign", output: result.errors) }
        return try String(contentsOfFile: file + ".sig", encoding: .utf8)
    }
}
