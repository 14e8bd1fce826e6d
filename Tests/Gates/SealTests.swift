import CurfewGates
import CurfewModel
import Testing

/// What an owner's seal has to say, and where.
@Suite struct SealTests {
    private let root = Make.id("root")
    private let accepted = Make.id("accepted")
    private let tip = Make.id("base")

    private func signer(
        _ lines: [String], by who: String = "dave", signature: SignatureCheck? = nil, continues: Bool = false,
        root: String = "root"
    ) -> Name? {
        Seal.signer(
            of: Make.commit(
                "s", by: who, message: "Seal\n\n" + lines.joined(separator: "\n") + "\n", signature: signature, []),
            root: Make.id(root), accepted: accepted, continues: continues, policies: Make.policies(), rules: Make.rules,
            now: Make.now)
    }

    @Test func whatIsProposedIsWhatCounts() {
        let seal = Seal(tip: tip, root: root, accepted: accepted)
        #expect(signer(seal.lines) == Make.name("dave"))
        #expect(Seal(Trailers("Seal\n\n" + seal.lines.joined(separator: "\n"))) == seal)
        for line in seal.lines { #expect(seal.command.contains("--trailer '\(line)'")) }
        for who in ["alice", "mallory"] { #expect(signer(seal.lines, by: who) == nil) }
        #expect(signer(seal.lines, signature: SignatureCheck.none) == nil)
        #expect(signer(seal.lines, signature: .bad("another")) == nil)
    }

    /// A rewritten history has to be named whole; a line that goes on names itself by its parents.
    @Test func aRewriteNeedsAllThree() {
        let whole = Seal(tip: tip, root: root, accepted: accepted).lines
        for left in [[0], [0, 1], [0, 2], [1, 2]] {
            let lines = left.map { whole[$0] }
            #expect(signer(lines) == nil, "\(lines)")
            #expect((signer(lines, continues: true) != nil) == left.contains(0), "\(lines)")
        }
    }

    @Test func itCountsForItsOwnPlaceAlone() {
        let other = Make.id("other")
        for (seal, continues) in [
            (Seal(tip: other, root: root, accepted: accepted), [false, true]),
            (Seal(tip: tip, root: other, accepted: accepted), [false, true]),
            (Seal(tip: tip, root: root, accepted: other), [false]),
        ] {
            for continues in continues { #expect(signer(seal.lines, continues: continues) == nil, "\(seal)") }
        }
        #expect(signer(Seal(tip: tip, root: root, accepted: accepted).lines, root: "elsewhere") == nil)
    }

    @Test func whatIsSaidTwiceOrAnotherWayIsNotSaid() {
        let whole = Seal(tip: tip, root: root, accepted: accepted).lines
        let wrong: [[String]] = [
            whole + [whole[0]], whole + ["Curfew-Seal: \(Make.id("other"))"], whole + ["Curfew-Root: x"],
            whole + ["Curfew-Accepted: \(accepted.hex)0"], [whole[0] + "\u{301}", whole[1], whole[2]],
            [whole[0].uppercased(), whole[1], whole[2]], whole + ["and some text"], whole + ["", "text"],
            ["Curfew-Seal: \(tip)\u{2028}"] + whole.dropFirst(), [" " + whole[0], whole[1], whole[2]],
        ]
        for lines in wrong { #expect(signer(lines, continues: true) == nil, "\(lines)") }
    }
}
