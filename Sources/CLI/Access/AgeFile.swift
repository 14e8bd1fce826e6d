import CurfewModel
import CurfewSystem

/// Files that hold credentials.
enum AgeFile {
    private static let deadline = Duration.seconds(120)

    /// Decrypts with a private SSH key, by `age`, which asks for a passphrase on the terminal.
    static func decrypt(_ bytes: [UInt8], with key: String) async throws -> [UInt8] {
        var age = Program("age", ["--decrypt", "--identity", key], input: bytes, hint: "it is in the package age")
        age.asksOnTerminal = true
        let result = try await age.run(within: deadline)
        guard result.isSuccess else {
            throw CredentialFailure(
                description:
                    "age cannot decrypt with \(key.escapingControls): \(result.complaint.escapingControls) (--key names another key)"
            )
        }
        return result.output
    }
}

struct CredentialFailure: Error, CustomStringConvertible { var description: String }
