import CurfewModel
import Foundation
import Glibc
import Subprocess

/// Files that hold credentials.
enum AgeFile {
    /// Decrypts with a private SSH key, by `age`.
    static func decrypt(_ text: String, with key: String) async throws -> String {
        let result = try await Subprocess.run(
            .name("age"), arguments: ["--decrypt", "--identity", key], input: .string(text), output: .string(limit: 1 << 20),
            error: .string(limit: 4096))
        guard case .exited(0) = result.terminationStatus else {
            throw CredentialFailure(
                description: "age cannot decrypt with \(key): \(result.standardError.prefix(300).description.escapingControls)"
                    + " (age is in the package age; --key names another key)")
        }
        return result.standardOutput
    }

    /// Writes a file for its owner alone, whole or not at all.
    static func write(_ text: String, to path: String) throws {
        let temporary = "\(path).tmp-\(getpid())"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw CredentialFailure(description: "\(path): \(String(cString: strerror(errno)))") }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        let isSafe = written == bytes.count && fsync(file) == 0
        close(file)
        guard isSafe, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw CredentialFailure(description: "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}

struct CredentialFailure: Error, CustomStringConvertible { var description: String }
