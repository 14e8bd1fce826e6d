import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDaemon

/// A program that ends before it has read what it is given is an answer, and nobody's end.
@Suite(.timeLimit(.minutes(1))) struct KeyProofTests {
    @Test func goodAndBadSignaturesAreToldApart() async throws {
        let scratch = try Scratch("proof")
        let keys = try await SigningKeys(scratch, "alice", "mallory")
        let (proof, text) = (KeyProof(), "what is signed\n")
        let good = try await keys.sign(text, as: "alice", for: "a@curfew")
        let (alice, mallory) = (try keys.key("alice"), try keys.key("mallory"))
        #expect(try await proof.holds(good, by: alice, of: text, for: "a@curfew"))
        #expect(try await !proof.holds(good, by: mallory, of: text, for: "a@curfew"))
        #expect(try await !proof.holds(good, by: alice, of: text + "x", for: "a@curfew"))
        #expect(try await !proof.holds(good, by: alice, of: text, for: "b@curfew"))
        let large = String(repeating: "x", count: 1 << 20)
        for junk in [
            "", "x", "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n", large,
            good.replacing("A", with: "B"), "\u{0}", "/etc/passwd",
        ] {
            for _ in 0..<3 { #expect(try await !proof.holds(junk, by: alice, of: large, for: "a@curfew")) }
        }
    }

    @Test func aProgramThatFailsIsNoAnswer() async throws {
        let scratch = try Scratch("proof")
        let keys = try await SigningKeys(scratch, "alice")
        let alice = try keys.key("alice")
        let hangs = try scratch.write("hangs", "#!/bin/sh\nsleep 60\n")
        let dies = try scratch.write("dies", "#!/bin/sh\nkill -9 $$\n")
        for path in [hangs, dies] { chmod(path, 0o755) }
        for program in [hangs, dies, scratch.file("none")] {
            let proof = KeyProof(program: program, limit: .milliseconds(500))
            await #expect(throws: DaemonError.self) { try await proof.holds("x", by: alice, of: "y", for: "z") }
        }
    }
}
