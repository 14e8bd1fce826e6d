import CurfewModel
@testable import CurfewSudoBackend

/// What sudo logged (anybody's words stand in it), and drop-ins, which root may have changed.
enum SudoLogTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        for entry in SudoLog.parse(text) {
            expect(!entry.user.contains(" "), "an account with a space")
            for command in entry.commands { _ = CommandPattern("/usr/bin/id")?.allows(command) }
        }
        if let dropIn = DropIn(text: text) { expect(dropIn.text == text, "a drop-in that reads as another one") }
        if let pattern = CommandPattern(text) {
            expect(!pattern.written.contains("\n") && !pattern.written.contains("*"), "a pattern that sudo reads otherwise")
        }
    }
}
