import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDaemon

/// Secrets on a reference that everybody can read: for their person alone.
@Suite struct CredentialTests {
    @Test(.timeLimit(.minutes(1))) func aSecretIsReadByItsPersonAndNobodyElse() async throws {
        let scratch = try Scratch("age")
        for name in ["alice", "mallory"] { try await SSHHost.makeKey(scratch.file(name)) }
        let text = try String(contentsOfFile: scratch.file("alice.pub"), encoding: .utf8)
        let key = try #require(SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        let person = Person(name: Name(literal: "alice"), emails: [], loginKeys: [key])
        let secret = Credential(file: "db-password", content: Array("s3cret\n".utf8), isSecret: true, hint: "psql")
        let open = Credential(file: "bastion-1-cert.pub", content: [1, 2, 3], isSecret: false, hint: "ssh")
        let words = Credential(file: "root-sudo.txt", content: Array("sudo x".utf8), isSecret: false, hint: "sudo x")
        let files = try await CredentialCipher().files([secret, open, words], for: person)
        // What is for people alone is not published: whoever reads works it out.
        #expect(Set(files.keys) == ["db-password.age", "bastion-1-cert.pub"])
        #expect(files.keys.allSatisfy { CredentialFile($0) != nil })
        #expect(files["bastion-1-cert.pub"] == [1, 2, 3])
        for bytes in files.values { #expect(!String(decoding: bytes, as: UTF8.self).contains("s3cret")) }
        let file = try scratch.write("secret.age", String(decoding: try #require(files["db-password.age"]), as: UTF8.self))
        let read = try await execute("age", ["--decrypt", "--identity", scratch.file("alice"), file])
        #expect(read.code == 0 && read.output == "s3cret\n")
        #expect(try await execute("age", ["--decrypt", "--identity", scratch.file("mallory"), file]).code != 0)
        // Somebody without a key that can be encrypted to gets nothing at all, and no plain text either.
        let keyless = Person(name: Name(literal: "bob"), emails: [])
        await #expect(throws: DaemonError.self) {
            try await CredentialCipher().files([secret], for: keyless)
        }
    }
}
