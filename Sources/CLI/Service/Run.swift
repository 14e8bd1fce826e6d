import ArgumentParser
import CurfewDaemon
import CurfewModel
import Dispatch
import Glibc
import Logging
import ServiceLifecycle

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow the branch and keep what runs equal to it.",
        discussion: """
            SIGHUP looks at once; SIGTERM and SIGINT stop Curfew and leave the instances running.
            Example: curfew run --config /etc/curfew/curfew.yaml
            """)

    @OptionGroup var options: ConfigurationOption
    @Flag(name: .long, help: "Work until there is nothing to do, then end. Exit code 0 = converged, 1 = not.") var once = false
    @Option(name: .long, help: "With --once: the longest time that may take.") var timeout = Span.seconds(600)

    func run() async throws {
        let configuration = try options.load()
        // Whatever makes a file here, it is this account's alone unless it says otherwise. Instances get their own.
        umask(0o077)
        let log = Logger(label: "curfew") { label in StreamLogHandler.standardError(label: label) }
        try await reporting {
            let service = try await CurfewService(
                configuration: configuration, program: ownProgram(), log: log, manager: .ofThisProcess)
            if configuration.trust.rawValue == "none" {
                Terminal.error(
                    Terminal.paint(
                        "trust.mode is none: whoever can push to \(configuration.repository.branch) decides what runs", .red))
            }
            if once { return try await single(service) }
            log.info("following \(configuration.repository.branch) of \(configuration.repository.url)")
            let hangup = Self.onHangup { service.wake() }
            defer { hangup.cancel() }
            var group = ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
            group.maximumGracefulShutdownDuration = .seconds(30)
            group.maximumCancellationDuration = .seconds(5)
            try await ServiceGroup(configuration: group).run()
        }
    }

    private func single(_ service: CurfewService) async throws {
        let status = try await service.runOnce(limit: timeout)
        StatusPrinter(status: status, daemon: status.pid).printText()
        if status.state != .converged { throw ExitCode.failure }
    }

    private static func onHangup(_ body: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "curfew.hangup"))
        source.setEventHandler(handler: body)
        source.resume()
        return source
    }
}
