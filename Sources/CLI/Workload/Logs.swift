import ArgumentParser
import CurfewDaemon
import CurfewModel
import Foundation
import Glibc

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a workload's instances wrote.",
        discussion: "Example: curfew logs web -f")

    @OptionGroup var options: ConfigurationOption
    @Argument(help: "A workload, or one instance's id.") var target: String
    @Flag(name: [.customShort("f"), .long], help: "Go on as lines come in, also from new instances.") var follow = false
    @Option(name: [.customShort("n"), .long], help: "How many of the last lines of each instance.") var lines = 100

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            guard InstanceID(target) != nil else {
                throw ValidationError("'\(target)' is no name of a workload or an instance")
            }
            let engines = try EngineLogs(configuration: configuration)
            let isThere = try await follow ? false : engines.tail(of: target, lines: lines) { Self.show($0, $1) }
            let reader = LogReader(configuration: configuration)
            if !follow, reader.files(of: target).isEmpty, !isThere {
                throw DaemonError(
                    .notFound, operation: "read logs of", subject: target, "nothing of that name has written anything here")
            }
            guard follow else { return _ = show(reader, from: [:]) }
            await withDiscardingTaskGroup { group in
                group.addTask { await engines.follow(target, lines: lines) { Self.show($0, $1) } }
                var positions: [String: off_t] = [:]
                while !Task.isCancelled {
                    positions = show(reader, from: positions)
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
        }
    }

    /// Shows what the files have behind those positions; returns the new ones.
    private func show(_ reader: LogReader, from positions: [String: off_t]) -> [String: off_t] {
        var positions = positions
        for file in reader.files(of: target) {
            let (text, end) = reader.read(file.path, from: positions[file.path], lines: lines)
            positions[file.path] = end
            for line in text { Self.show(file.instance, line) }
        }
        return positions
    }

    private static func show(_ instance: String, _ line: String) {
        Terminal.out("\(Terminal.paint(instance, .grey))  \(line.escapingControls)")
    }
}
