import ArgumentParser
import CurfewDaemon
import Glibc

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop changing anything until `curfew resume`.",
        discussion:
            "Instances go on running and are watched, nothing is made, replaced or removed.\nExample: curfew pause --reason \"storage migration\""
    )

    @OptionGroup var options: ConfigurationOption
    @Option(name: .long, help: "Why; shown in the status.") var reason: String?

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            let state = StateFolder(path: configuration.state)
            try state.create()
            try Controls(state).pause(by: askingUser() + (reason.map { ": " + $0.escapingControls } ?? ""))
            if let daemon = StateLock.owner(of: state) { kill(daemon, SIGHUP) }
            Terminal.out("paused")
        }
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go on after `curfew pause`.", discussion: "Example: curfew resume")

    @OptionGroup var options: ConfigurationOption

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            let state = StateFolder(path: configuration.state)
            try Controls(state).resume()
            if let daemon = StateLock.owner(of: state) { kill(daemon, SIGHUP) }
            Terminal.out("resumed")
        }
    }
}
