import ArgumentParser
import CurfewDaemon
import CurfewDesiredState
import Foundation
import Glibc

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop changing anything until `curfew resume`.",
        discussion: """
            Instances go on running and are watched, nothing is made, replaced or removed. Access still ends on time.
            Example: curfew pause --reason "storage migration"
            """)

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var server: ServerOption
    @Option(name: .long, help: "Why; shown in the status.") var reason: String?

    func run() async throws {
        let reason = reason.map { String($0.prefix(300)).escapingControls }
        try await operate("pause", options, server, reason: reason) { state in
            try state.create()
            try Controls(state).pause(by: askingUser() + (reason.map { ": " + $0 } ?? ""))
        }
        Terminal.out("paused")
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go on after `curfew pause`.", discussion: "Example: curfew resume")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var server: ServerOption

    func run() async throws {
        try await operate("resume", options, server) { try Controls($0).resume() }
        Terminal.out("resumed")
    }
}

struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the branch now, instead of at the next interval.",
        discussion: "Needs a running daemon. Example: curfew sync && curfew status --wait")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var server: ServerOption

    func run() async throws {
        try await operate("sync", options, server, orElse: nil)
        Terminal.out("the daemon looks at the branch now")
    }
}

struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try everything that failed and waits for its next try now.",
        discussion: """
            With a name: what Curfew has set aside under it, because it crashed while it worked on it, is tried again too.
            Needs a running daemon. Example: curfew retry, curfew retry shop
            """)

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var server: ServerOption
    @Argument(help: "A bundle, grant, workload or secret that is set aside.") var name: String?

    func run() async throws {
        if let name {
            guard try await reporting({ try server.remote() }) == nil else {
                throw ValidationError("what is set aside is released on the machine of the daemon; leave out --server")
            }
            let state = StateFolder(path: try options.load().state)
            try await reporting { try Controls(state).release(name) }
        }
        try await operate("retry", options, server, orElse: nil)
        Terminal.out(name.map { "\($0) is tried again now" } ?? "everything that waited is tried now")
    }
}

/// Asks the daemon over its API. Where none of this machine answers, does `orElse` to the state folder and wakes the daemon;
/// a wish that only wakes it (`nil`) needs one that runs.
private func operate(
    _ wish: String, _ options: ConfigurationOption, _ server: ServerOption, reason: String? = nil,
    orElse: ((StateFolder) throws -> Void)?
) async throws {
    let path = "/api/v1/" + wish
    let body = try reason.map { try JSONEncoder().encode(["reason": $0]) }
    if let remote = try await reporting({ try server.remote() }) {
        _ = try await reporting { try await remote.ask(.POST, path, body: body) }
        return
    }
    let configuration = try options.load()
    try await reporting {
        let state = StateFolder(path: configuration.state)
        let daemon = StateLock.owner(of: state)
        if daemon != nil, let client = ServerClient(configuration) {
            do {
                _ = try await client.ask(.POST, path, body: body)
                return
            } catch is ServerClient.Absent {}
        }
        try orElse?(state)
        if let daemon {
            // The API is off, or is another account's: a signal asks for the same.
            guard kill(daemon, SIGHUP) == 0 || orElse != nil else {
                throw DaemonError(
                    .refused, operation: wish, subject: state.path, "process \(daemon) is another account's; use sudo")
            }
        } else if orElse == nil {
            throw DaemonError(
                .notFound, operation: wish, subject: state.path, "no daemon runs on this state folder; start `curfew run`")
        }
    }
}
