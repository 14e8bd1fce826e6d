import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A restore that is cut off.
@Suite struct RestoreKillTests {
    /// A state folder with these files; the journal's place holds `word`.
    private func folder(_ path: String, _ word: String) throws {
        for part in ["access/ssh", "control/pins"] {
            try FileManager.default.createDirectory(atPath: path + "/" + part, withIntermediateDirectories: true)
        }
        for file in ["journal.sqlite", "access/ssh/one.json", "control/pins/web"] {
            try Data(word.utf8).write(to: URL(filePath: path + "/" + file))
        }
    }

    private func words(_ path: String) -> Set<String> {
        Set(
            ["journal.sqlite", "access/ssh/one.json", "control/pins/web"].map {
                FileManager.default.contents(atPath: path + "/" + $0).map { String(decoding: $0, as: UTF8.self) } ?? "none"
            })
    }

    @Test("Cut off before the mark, nothing has changed; after it, the rest is done, wherever it was", arguments: 0...4)
    func isCutOff(afterMoves moves: Int) throws {
        let scratch = try Scratch("restore")
        let state = StateFolder(path: scratch.file("state"))
        try state.create()
        try folder(state.path, "old")
        try folder(state.path + "/.restore/content", "new")
        try Restore(into: state).finish()
        #expect(words(state.path) == ["old"] && access(state.path + "/.restore", F_OK) != 0)

        try folder(state.path + "/.restore/content", "new")
        try Data("old log".utf8).write(to: URL(filePath: state.journal + "-wal"))
        try Data("before-restore-1".utf8).write(to: URL(filePath: state.path + "/.restore/ready"))
        let aside = state.path + "/before-restore-1"
        // The first renames, as the killed one made them.
        try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
        let steps = [
            (state.journal + "-wal", aside + "/journal.sqlite-wal"),
            (state.path + "/access", aside + "/access"), (state.path + "/.restore/content/access", state.path + "/access"),
            (state.path + "/control", aside + "/control"),
        ]
        for (source, target) in steps.prefix(moves) { #expect(rename(source, target) == 0) }
        try Restore(into: state).finish()
        #expect(words(state.path) == ["new"] && words(aside) == ["old"])
        #expect(access(state.journal + "-wal", F_OK) != 0 && access(state.path + "/.restore", F_OK) != 0)
        try Restore(into: state).finish()
        #expect(words(state.path) == ["new"])
    }
}
