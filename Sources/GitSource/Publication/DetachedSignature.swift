import CurfewModel
import CurfewSystem
import Foundation

/// SSH signatures that stand beside what they are of, made and checked by OpenSSH.
enum DetachedSignature {
    /// Signs bytes for one purpose; the armoured signature. Blocks for some milliseconds.
    /// - Parameter key: a private key's file, or a public one whose other half is in the agent of this process.
    static func sign(_ bytes: [UInt8], for namespace: String, with key: String, program: String = "ssh-keygen")
        throws(GitError) -> String
    {
        var environment = Program.plainEnvironment
        for name in ["SSH_AUTH_SOCK", "HOME"] {
            if let value = ProcessInfo.processInfo.environment[name] { environment[name] = value }
        }
        let keygen = Program(
            program, ["-q", "-Y", "sign", "-n", namespace, "-f", key], environment: environment, input: bytes,
            outputLimit: 64 << 10, hint: OpenSSH.package)
        do {
            let result = try keygen.runBlocking(within: OpenSSH.limit)
            let text = result.text.trimmingCharacters(in: .newlines)
            guard result.isSuccess, text.hasPrefix(SSHSignature.begin) else {
                let line = result.complaint.split(separator: "\n").first.map(String.init) ?? "ssh-keygen failed"
                throw failure(key, line.escapingControls)
            }
            return text
        } catch let error as GitError { throw error } catch let error as SystemError { throw failure(key, error.message) } catch
        {
            throw failure(key, "\(error)")
        }
    }

    private static func failure(_ key: String, _ message: String) -> GitError {
        GitError(.failed, operation: "sign with", subject: key, message + "; see identity.signingKey")
    }

    /// The key that made a signature of exactly these bytes for exactly this purpose. Blocks for some milliseconds.
    /// - Throws: ``GitError`` when it is none, or OpenSSH cannot be asked.
    static func signer(of bytes: [UInt8], _ signature: [UInt8], for namespace: String) throws(GitError) -> SSHPublicKey {
        func refuse(_ why: String) -> GitError { GitError(.invalid, operation: "verify", subject: "the publication", why) }
        guard signature.count <= 16_384, let armoured = String(bytes: signature, encoding: .utf8),
            let read = SSHSignature(armoured.trimmingCharacters(in: .newlines))
        else { throw refuse("its signature cannot be read") }
        guard read.namespace == namespace else {
            throw refuse(
                "it was signed for '\(read.namespace.prefix(40).description.escapingControls)' and not for \(namespace)")
        }
        let allowed = Array("signer namespaces=\"\(namespace)\" \(read.key.line)\n".utf8)
        let program = Program(
            "ssh-keygen",
            ["-q", "-Y", "verify", "-f", "/dev/fd/3", "-I", "signer", "-n", namespace, "-s", "/dev/fd/4"],
            input: bytes, files: [allowed, signature], hint: OpenSSH.package)
        do {
            guard try program.runBlocking(within: OpenSSH.limit).isSuccess else {
                throw refuse("the signature is not of these bytes")
            }
        } catch let error as GitError { throw error } catch {
            throw GitError(.failed, operation: "verify", subject: "the publication", "\(error)")
        }
        return read.key
    }
}
