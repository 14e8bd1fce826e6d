import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewGitSource

/// Many signatures at once, and a program that fails: then nothing is known of any.
@Suite(.timeLimit(.minutes(1))) struct VerifierTests {
    /// A commit's bytes, signed.
    private func signed(_ keys: SigningKeys, _ text: String) async throws -> SignedObject {
        let head = "tree \(String(repeating: "0", count: 40))\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n"
        let signature = try await keys.sign("\(head)\n\(text)\n", as: "alice").trimmingCharacters(in: .newlines)
        let bytes = "\(head)gpgsig \(signature.replacing("\n", with: "\n "))\n\n\(text)\n"
        return SignedObject(commit: Array(bytes.utf8))
    }

    @Test func verdictsKeepTheirOrder() async throws {
        let scratch = try Scratch("verifier")
        let keys = try await SigningKeys(scratch, "alice")
        let (one, two) = (try await signed(keys, "one"), try await signed(keys, "two"))
        var forged = one
        forged.payload = two.payload
        let kinds: [SignedObject?] = [one, nil, forged, two, SignedObject(commit: Array("tree x\n\nplain\n".utf8))]
        let many = (0..<40).map { kinds[$0 % kinds.count] }
        let checks = try SignatureVerifier().check(many.count) { many[$0] }
        let good = SignatureCheck.good(try keys.key("alice"))
        let expected: [SignatureCheck?] = [
            good, nil, .bad("the signature is not of these bytes"), good, SignatureCheck.none,
        ]
        #expect(checks == (0..<40).map { expected[$0 % expected.count] })
        #expect(try SignatureVerifier().check(0) { _ in one }.isEmpty)
    }

    /// What makes OpenSSH fall over is a bad signature, and no reason to ask for ever.
    @Test(arguments: ["SEGV", "ABRT", "BUS"]) func aSignatureThatCrashesItIsBad(_ signal: String) async throws {
        let scratch = try Scratch("crash")
        let keys = try await SigningKeys(scratch, "alice")
        let program = try scratch.write("keygen", "#!/bin/sh\nulimit -c 0\nkill -\(signal) $$\n")
        chmod(program, 0o755)
        let check = try SignatureVerifier(program: program).check(try await signed(keys, "one"))
        guard case .bad(let reason) = check else {
            Issue.record("\(check)")
            return
        }
        #expect(reason.contains("signal"))
    }

    @Test(arguments: ["exit 1", "exit 2", "kill -9 $$", "exit 127", "exec sleep 60", nil])
    func aProgramThatFailsSaysNothing(_ command: String?) async throws {
        let scratch = try Scratch("broken")
        let keys = try await SigningKeys(scratch, "alice")
        let object = try await signed(keys, "one")
        var program = scratch.file("nothing")
        if let command {
            program = try scratch.write("keygen", "#!/bin/sh\n\(command)\n")
            chmod(program, 0o755)
        }
        let verifier = SignatureVerifier(program: program, limit: .seconds(2))
        #expect(throws: GitError.self) { try verifier.check(object) }
        // One that has no signature needs no program; the others do.
        #expect(throws: GitError.self) {
            try verifier.check(20) { $0 == 7 ? object : SignedObject(commit: Array("tree x\n\nplain\n".utf8)) }
        }
    }
}
