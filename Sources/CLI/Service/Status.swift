import ArgumentParser
import CurfewDaemon
import CurfewModel
import Glibc

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what runs, and whether it is what should run.",
        discussion: """
            Exit code 0 = shown; with --wait, 0 = converged in time, 1 = not.
            Examples: curfew status --wait --timeout 60s
                      curfew status --server https://curfew.example.org --token-file ~/.curfew-token
            """)

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption
    @OptionGroup var server: ServerOption
    @Flag(name: .long, help: "Wait until everything is converged.") var wait = false
    @Option(name: .long, help: "With --wait: until this revision (or its beginning) is in force.") var revision: String?
    @Option(name: .long, help: "With --wait: the longest time to wait.") var timeout = Span.seconds(60)

    func run() async throws {
        if let remote = try await reporting({ try server.remote() }) { return try await show(remote) }
        let configuration = try options.load()
        let state = StateFolder(path: configuration.state)
        // Another account's: its daemon says what it may say.
        if access(state.path, F_OK) == 0, !state.isReadable, let client = ServerClient(configuration) {
            return try await show(client)
        }
        let end = ContinuousClock.now + timeout.duration
        while true {
            let status = CurfewDaemon.Status.read(state)
            let daemon = StateLock.owner(of: state)
            let done =
                status.map { $0.state == .converged && $0.revision?.hex.hasPrefix(revision ?? "") ?? false && daemon != nil }
                ?? false
            if wait, !done, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            guard let status else {
                Terminal.error(
                    state.isReadable || access(state.path, F_OK) != 0
                        ? "error: there is no status in \(state.path) yet; is `curfew run` running with this configuration?"
                        : "error: \(state.path) is open to its own account alone; use sudo, or ask over the API with --server")
                throw ExitCode.failure
            }
            if output.format == .json {
                try Terminal.json(status)
            } else {
                StatusPrinter(status: status, daemon: daemon).printText()
            }
            if wait, !done { throw ExitCode.failure }
            return
        }
    }

    /// What a daemon elsewhere answers; as JSON, its own words (`/api/v1/status`).
    private func show(_ remote: ServerClient) async throws {
        let end = ContinuousClock.now + timeout.duration
        try await reporting {
            while true {
                let data = try await remote.ask(.GET, "/api/v1/status")
                let status = try RemoteStatus(data)
                let done = status.state == "converged" && status.revision?.hasPrefix(revision ?? "") ?? false
                if wait, !done, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(500))
                    continue
                }
                if output.format == .json { Terminal.out(String(decoding: data, as: UTF8.self)) } else { status.printText() }
                if wait, !done { throw ExitCode.failure }
                return
            }
        }
    }
}
