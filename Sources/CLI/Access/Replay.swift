import ArgumentParser
import CurfewDaemon
import CurfewJournal
import CurfewModel
import Foundation
import Glibc

struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a recorded session again, after comparing it with the journal.",
        discussion: """
            On a terminal it is shown as it was seen, without what could drive your terminal (titles, clipboard, questions);
            elsewhere control characters are escaped. `asciinema play` takes the file too.
            Examples: curfew replay 20261123-183728-alice-inc-4821-3f2a91c0 --idle-limit 2s
                      curfew replay ./copied.cast --print
            """)

    @OptionGroup var options: ConfigurationOption
    @Argument(help: "A recording's id, or a file.") var recording: String
    @Option(name: .long, help: "So many times as fast.") var speed = 1.0
    @Option(name: .long, help: "No pause is longer.") var idleLimit: Span?
    @Flag(name: .long, help: "All at once.") var print = false
    @Flag(name: .long, help: "Also when it is not what the journal says.") var anyway = false

    func validate() throws {
        guard speed > 0, speed <= 1000 else { throw ValidationError("--speed takes a number above 0, up to 1000") }
    }

    func run() async throws {
        try await reporting {
            let isFile = recording.contains("/") || recording.hasSuffix(".cast")
            let state = isFile ? try? quietly() : StateFolder(path: try options.load().state)
            var path = recording
            if !isFile, let state {
                guard recording.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }), recording.first != "."
                else {
                    throw ValidationError("'\(recording.escapingControls)' is no recording's id; `curfew sessions` lists them")
                }
                path = "\(state.recordings)/\(recording).cast"
            }
            try await compare(path, with: state)
            try await play(try CastFile(path: path))
        }
    }

    private func quietly() throws -> StateFolder? {
        access(options.config, R_OK) == 0 ? StateFolder(path: try options.load().state) : nil
    }

    /// Says whether the file is the one that the journal tells of.
    private func compare(_ path: String, with state: StateFolder?) async throws {
        guard let digest = RecordingFile.digest(of: path) else {
            throw ExecFailure("\(path.escapingControls): it cannot be read; `curfew sessions` lists the recordings")
        }
        var id = (path as NSString).lastPathComponent
        if id.hasSuffix(".cast") { id.removeLast(5) }
        let events = try await state.map { try Journal.reader(path: $0.journal) }?.last(100_000, kind: "session.ended") ?? []
        let known = events.last { $0.details["recording"] == id }?.details["sha256"]
        guard let known else {
            return Terminal.error("curfew: SHA-256 \(digest); no journal here tells of it, so nothing is known of its origin")
        }
        if known == digest { return Terminal.error("curfew: SHA-256 \(digest) is the journal's") }
        Terminal.error(Terminal.paint("curfew: the file was changed: SHA-256 \(digest), the journal says \(known)", .red))
        if !anyway { throw ExecFailure("it is not shown; --anyway shows it all the same") }
    }

    private func play(_ cast: CastFile) async throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var filter = TerminalFilter()
        var last = 0.0
        for event in cast.events where event.code == "o" {
            if !print {
                let pause = max(0, event.at - last) / speed
                let bound = idleLimit.map { min(pause, Double($0.milliseconds) / 1000) } ?? pause
                if bound > 0.000_5 { try await Task.sleep(for: .microseconds(Int64(min(bound, 86_400) * 1_000_000))) }
            }
            last = event.at
            let text = isTerminal ? filter.passed(event.text) : Self.escaped(event.text)
            guard write(text) else { return }
        }
        if isTerminal { _ = write("\u{1B}[0m\u{1B}[?25h\n") }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0).escapingControls }.joined(separator: "\n")
    }

    private func write(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }
}
