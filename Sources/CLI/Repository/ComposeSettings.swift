import ArgumentParser
import CurfewDesiredState
import CurfewModel
import Foundation

/// How Compose files are read.
struct ComposeSettings: ParsableArguments {
    @Option(help: "The runtime that the workloads are for, of the service's configuration.") var runtime = "docker"
    @Option(help: "Goes before the names of networks. Without it, the file's own name, or its folder's.") var project: String?
    @Option(help: "Take services of this profile too; * takes all. May be repeated.") var profile: [String] = []
    @Option(
        help: "Variables for ${…}, instead of .env beside the Compose file. May be repeated.", completion: .file())
    var envFile: [String] = []
    @Flag(help: "Take variables for ${…} from the environment of this command too.") var env = false
    @Option(help: "Carry this variable over although it looks like a secret. May be repeated.") var keepEnv: [String] = []
    @Flag(help: "Leave out the capabilities and the writable root that Compose gives by default.") var leastPrivilege = false
    @Flag(help: "The runtime has many hosts: carry placement constraints over.") var swarm = false

    /// Reads all files.
    /// - Throws: what is wrong with the command line; what is wrong with a file is a note.
    func load(_ files: [String]) throws -> (workloads: [ImportedWorkload], notes: [ImportNote]) {
        guard let runtime = Name(runtime) else {
            throw ValidationError("--runtime '\(runtime.escapingControls)' is no DNS label, as names of runtimes are")
        }
        var workloads: [ImportedWorkload] = []
        var notes: [ImportNote] = []
        for file in files {
            let folder = ComposeFolder(of: file)
            var options = ComposeOptions(runtime: runtime, project: project, folder: folder.name)
            options.variables = try variables(folder, file, &notes)
            (options.profiles, options.keptVariables) = (Set(profile), Set(keepEnv))
            (options.leastPrivilege, options.hasManyHosts) = (leastPrivilege, swarm)
            do throws(ComposeFileFault) {
                let read = ComposeImport(
                    try ComposeFolder.read(file), file: file, options: options,
                    beside: { name throws(ComposeFileFault) in try folder.beside(name) })
                notes += read.notes
                add(read.workloads, to: &workloads, &notes)
            } catch { notes.append(ImportNote(.error, file: file, error.message)) }
            notes += overrides(of: file, folder)
        }
        return (workloads, notes)
    }

    private func variables(_ folder: ComposeFolder, _ file: String, _ notes: inout [ImportNote]) throws -> [String: String] {
        let outside = env ? ProcessInfo.processInfo.environment : [:]
        var variables: [String: String] = [:]
        func take(_ bytes: [UInt8], _ name: String) throws {
            variables.merge(try ComposeOptions.variables(bytes, file: name, before: outside)) { $1 }
        }
        for name in envFile {
            do throws(ComposeFileFault) {
                let bytes = try ComposeFolder.read(name)
                do { try take(bytes, name) } catch { throw ComposeFileFault("\(error)") }
            } catch { throw ValidationError("--env-file \(name.escapingControls): \(error.message)") }
        }
        if envFile.isEmpty, folder.has(".env") {
            do { try take(folder.beside(".env"), ".env") } catch {
                let words = (error as? ComposeFileFault)?.message ?? "\(error)"
                notes.append(ImportNote(.note, file: file, ".env beside it is not used: \(words)"))
            }
        }
        return variables.merging(outside) { $1 }
    }

    private func add(_ more: [ImportedWorkload], to workloads: inout [ImportedWorkload], _ notes: inout [ImportNote]) {
        for workload in more {
            if let other = workloads.first(where: { $0.workload.name == workload.workload.name }) {
                notes.append(
                    ImportNote(
                        .error, file: workload.file, path: "services.\(workload.service)",
                        "workload '\(workload.workload.name)' comes from \(other.file) already, and files are not put over each other: import what `docker compose -f … -f … config --no-interpolate` prints"
                    ))
            } else {
                workloads.append(workload)
            }
        }
    }

    /// Files that Compose would put over this one.
    private func overrides(of file: String, _ folder: ComposeFolder) -> [ImportNote] {
        let base = file.split(separator: "/").last ?? ""
        let names = ["compose", "docker-compose"].flatMap { name in
            base.hasPrefix(name + ".y") ? ["\(name).override.yaml", "\(name).override.yml"] : []
        }
        return names.filter(folder.has).map {
            ImportNote(
                .note, file: file, "\($0) beside it is not read: import what `docker compose config --no-interpolate` prints")
        }
    }
}
