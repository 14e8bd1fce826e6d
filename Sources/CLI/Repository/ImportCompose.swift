import ArgumentParser
import CurfewDaemon
import CurfewDesiredState
import CurfewModel

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make manifests from the files of another tool.",
        discussion: "Example: curfew import compose compose.yaml --output manifests/shop",
        subcommands: [ImportCompose.self])
}

struct ImportCompose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compose",
        abstract: "Turn Compose files and Swarm stacks into Workload manifests.",
        discussion: """
            Prints the manifests, or writes one file for each with --output.
            What is not carried over is told on standard error, with the reason.
            Exit code 0 = all services are carried over, 1 = some are not.
            Examples: curfew import compose compose.yaml --output manifests/shop
                      docker compose config --no-interpolate | curfew import compose -
            """)

    @Argument(help: "Compose files, each for itself; - is standard input.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]
    @OptionGroup var settings: ComposeSettings
    @OptionGroup var format: FormatOption
    @Option(help: "Write <workload>.yaml into this folder instead of printing.", completion: .directory) var output: String?
    @Flag(help: "Overwrite files that are there.") var force = false
    @Flag(help: "Ask a Docker engine for the digests of images that are named by tag.") var resolve = false
    @Option(help: "The engine to ask: unix:///… or tcp://host:port.") var engine = "unix:///var/run/docker.sock"

    private struct Answer: Encodable {
        struct Workload: Encodable {
            var name: Name
            var service: String
            var file: String
            var image: String
            var manifest: String
            var path: String?
        }
        var workloads: [Workload]
        var notes: [ImportNote]
    }

    func run() async throws {
        let failed = try await reporting {
            var (workloads, notes) = try settings.load(files)
            try await pin(&workloads, &notes)
            let order = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
            notes.sort {
                (order[$0.file] ?? 0, $0.line, $0.column, $0.path) < (order[$1.file] ?? 0, $1.line, $1.column, $1.path)
            }
            let manifests = workloads.map { (name: $0.workload.name, text: $0.manifest) }
            let written = try output.map { try ManifestFolder.write(manifests, to: $0, force: force) }
            switch format.format {
            case .json:
                let list = workloads.enumerated().map { index, workload in
                    Answer.Workload(
                        name: workload.workload.name, service: workload.service, file: workload.file, image: workload.image,
                        manifest: manifests[index].text, path: written?[index])
                }
                try Terminal.json(Answer(workloads: list, notes: notes))
            case .text:
                for note in Self.condensed(notes) { Terminal.error("\(note)") }
                if let written {
                    for path in written { Terminal.out("made \(path.escapingControls)") }
                } else if !manifests.isEmpty {
                    Terminal.out(manifests.map { $0.text.dropLast() }.joined(separator: "\n---\n"))
                }
            }
            return notes.contains { $0.severity == .error }
        }
        if failed { throw ExitCode.failure }
    }

    /// Services that share a block (an anchor, say) are named together: the same is not told for each.
    private static func condensed(_ notes: [ImportNote]) -> [ImportNote] {
        var result: [ImportNote] = []
        var places: [ImportNote: (index: Int, services: [String])] = [:]
        for note in notes {
            let parts = note.path.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, parts[0] == "services" else {
                result.append(note)
                continue
            }
            var shared = note
            shared.path = parts[2]
            var place = places[shared] ?? (result.count, [])
            place.services.append(parts[1])
            places[shared] = place
            let names = place.services.count > 1 ? "{\(place.services.joined(separator: ", "))}" : parts[1]
            shared.path = "services.\(names).\(parts[2])"
            if place.index == result.count { result.append(shared) } else { result[place.index] = shared }
        }
        return result
    }

    /// Gives images their digests, or notes how to find them.
    private func pin(_ workloads: inout [ImportedWorkload], _ notes: inout [ImportNote]) async throws {
        let open = workloads.indices.filter { !workloads[$0].isPinned }
        guard !open.isEmpty else { return }
        let answers = resolve ? try await ImageDigests.look(up: Set(open.map { workloads[$0].image }), at: engine) : [:]
        for index in open {
            let image = workloads[index].image
            let reason: String?
            switch answers[image] {
            case .digest(let digest):
                workloads[index].workload.artifact = .image("\(image)@\(digest)")
                continue
            case .unknown(let words): reason = words
            case nil: reason = nil
            }
            let position = workloads[index].imagePosition
            notes.append(
                ImportNote(
                    .note, file: workloads[index].file, line: position.line, column: position.column,
                    path: "services.\(workloads[index].service).image", ImportedWorkload.tagNote(image, reason: reason)))
        }
    }
}
