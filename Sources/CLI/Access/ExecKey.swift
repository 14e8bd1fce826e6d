import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// The person's SSH key, which `ssh-keygen` or an agent holds: its private half is never read here.
struct ExecKey {
    /// What ssh-keygen is told: the private key, or the public one of a key that an agent holds.
    let path: String
    /// `type body`.
    let line: String

    /// - Parameter path: a private or public key; `nil` = the first of ssh's own names that is there.
    init(_ path: String?) async throws {
        let chosen = try path.map { ($0 as NSString).expandingTildeInPath } ?? Self.usual()
        let pub = chosen.hasSuffix(".pub") ? chosen : chosen + ".pub"
        var text = try? String(contentsOfFile: pub, encoding: .utf8)
        if text == nil {
            guard FileManager.default.fileExists(atPath: chosen) else {
                throw ExecFailure("\(chosen.escapingControls): there is no such key; name yours with --key")
            }
            text = try await Self.keygen(["-y", "-f", chosen], "").output
        }
        guard let key = SSHPublicKey((text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ExecFailure("\(pub.escapingControls): it is no public SSH key")
        }
        (self.path, line) = (chosen, key.line)
    }

    /// An armoured signature. Asks for a passphrase or a touch on the terminal where the key needs one.
    func sign(_ text: String, for namespace: String) async throws -> String {
        let result = try await Self.keygen(["-q", "-Y", "sign", "-n", namespace, "-f", path], text)
        guard result.isGood, result.output.hasPrefix("-----BEGIN SSH SIGNATURE-----") else {
            throw ExecFailure("ssh-keygen could not sign with \(path.escapingControls)")
        }
        return result.output
    }

    /// For a passphrase, a touch or an agent that asks.
    private static let patience = Duration.seconds(300)

    private static func usual() throws -> String {
        let home = getenv("HOME").map { String(cString: $0) } ?? ("~" as NSString).expandingTildeInPath
        let names = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"]
        for name in names {
            let path = "\(home)/.ssh/\(name)"
            for file in [path, path + ".pub"] where FileManager.default.fileExists(atPath: file) { return file }
        }
        throw ExecFailure("there is no key in ~/.ssh; name yours with --key")
    }

    private static func keygen(_ arguments: [String], _ input: String) async throws -> (isGood: Bool, output: String) {
        // The agent, the home folder and the way to ask are in the environment.
        var program = Program(
            "ssh-keygen", arguments, environment: ProcessInfo.processInfo.environment, input: Array(input.utf8),
            outputLimit: 64 << 10, hint: "it is in the package openssh-client")
        program.isInteractive = true
        do {
            let result = try await program.run(within: patience)
            return (result.isSuccess, result.text)
        } catch { throw ExecFailure("\(error)") }
    }
}
