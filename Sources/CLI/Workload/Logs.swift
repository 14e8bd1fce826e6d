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
            let reader = LogReader(configuration: configuration)
            var positions: [String: off_t] = [:]
            var first = true
            repeat {
                let files = reader.files(of: target)
                if first, files.isEmpty, !follow {
                    throw DaemonError(
                        .notFound, operation: "read logs of", subject: target, "nothing of that name has written anything here")
                }
                for file in files {
                    let (text, end) = reader.read(file.path, from: positions[file.path], lines: lines)
                    positions[file.path] = end
                    for line in text { Terminal.out("\(Terminal.paint(file.instance, .grey))  \(line.escapingControls)") }
                }
                first = false
                if follow { try await Task.sleep(for: .milliseconds(200)) }
            } while follow
        }
    }
}
