public import CurfewModel

/// What is asked of an import of a Compose file.
public struct ComposeOptions: Sendable {
    /// The runtime that the workloads name.
    public var runtime: Name
    /// Goes before the names of networks; `nil` = the file's own `name`, else `folder`.
    public var project: String?
    /// The name of the folder that the file lies in.
    public var folder: String
    /// Profiles whose services are taken too; `*` stands for all.
    public var profiles: Set<String> = []
    /// What variables stand for.
    public var variables: [String: String] = [:]
    /// Variables of services that are carried over although their names look like a secret's.
    public var keptVariables: Set<String> = []
    /// No capabilities but those of `cap_add`, and a root that cannot be written to.
    public var leastPrivilege = false
    /// Whether the runtime has many hosts, and takes placement constraints.
    public var hasManyHosts = false

    /// Makes options.
    public init(runtime: Name, project: String? = nil, folder: String = "compose") {
        (self.runtime, self.project, self.folder) = (runtime, project, folder)
    }
}

/// Something that was not carried over as it is, or that has to be done by hand.
public struct ImportNote: Hashable, Sendable, Codable, CustomStringConvertible {
    /// How bad it is: with an error, its service (or the whole file) is not carried over.
    public enum Severity: String, Sendable, Codable { case error, note }

    /// How bad it is.
    public var severity: Severity
    /// The file, as it was named.
    public var file: String
    /// From 1; 0 = the whole file.
    public var line: Int
    /// From 1; 0 = the whole line.
    public var column: Int
    /// Where in the document: `services.web.ports[0]`; may be empty.
    public var path: String
    /// Why, and what to do. Never the value of a variable that looks like a secret.
    public var message: String

    /// Makes a note.
    public init(_ severity: Severity, file: String, line: Int = 0, column: Int = 0, path: String = "", _ message: String) {
        (self.severity, self.file, self.line, self.column) = (severity, file, line, column)
        (self.path, self.message) = (path, message)
    }

    /// `file:line:column: note: path: message` on one line, control characters escaped.
    public var description: String {
        let place = path.isEmpty ? "" : "\(path): "
        return "\(file):\(line):\(column): \(severity.rawValue): \(place)\(message)".escapingControls
    }
}

/// What became of one service.
public struct ImportedWorkload: Sendable {
    /// The service's name in the Compose file.
    public var service: String
    /// The file, as it was named.
    public var file: String
    /// Where the image is named, for notes.
    public var imagePosition: (line: Int, column: Int)
    /// What is written; its image may have a tag and no digest.
    public var workload: Workload

    /// The image as it stands; empty for none.
    public var image: String { workload.artifact.digest }

    /// Whether the image is named by digest.
    public var isPinned: Bool { Decoder.isPinned(image) }

    /// The manifest, with a comment that says where it comes from. Ends in a line break.
    public var manifest: String {
        "# Service \(service.escapingControls) of \(file.escapingControls)\n" + (WorkloadManifest.text(of: workload) ?? "")
    }
}

extension ImportedWorkload {
    /// What to do about an image that is named by tag alone.
    /// - Parameter reason: why an engine that was asked does not know the digest.
    public static func tagNote(_ image: String, reason: String? = nil) -> String {
        let remedy = "look it up with `docker buildx imagetools inspect \(image)` and write \(image)@sha256:…"
        guard let reason else {
            return "names no digest, and a tag can change under a running system: import with --resolve, or \(remedy)"
        }
        return "its digest is not known (\(reason)), and a tag can change under a running system: \(remedy)"
    }
}

extension ComposeOptions {
    /// The variables of a file of `NAME=value` lines, as it lies beside a Compose file (`.env`).
    /// - Parameter before: variables that are known already, and stand in values.
    /// - Throws: ``ComposeFileFault`` with the line.
    public static func variables(_ bytes: [UInt8], file: String, before: [String: String]) throws(ComposeFileFault)
        -> [String: String]
    {
        do throws(EnvFile.Fault) {
            var variables: [String: String] = [:]
            for entry in try EnvFile.entries(bytes, { before[$0] }) {
                variables[entry.name] = entry.value ?? before[entry.name]
            }
            return variables
        } catch { throw ComposeFileFault("line \(error.line): \(error.message)") }
    }
}

/// What became of a Compose file.
public struct ComposeImport: Sendable {
    /// In the order of the file.
    public var workloads: [ImportedWorkload] = []
    /// By line.
    public var notes: [ImportNote] = []

    /// Reads a Compose file.
    /// - Parameters:
    ///   - bytes: the file; at most 1 MiB is read.
    ///   - file: its name, for notes.
    ///   - beside: reads a file that the Compose file names relative to its own folder; throws words for people.
    public init(
        _ bytes: [UInt8], file: String, options: ComposeOptions,
        beside: (String) throws(ComposeFileFault) -> [UInt8] = { _ throws(ComposeFileFault) in
            throw ComposeFileFault("no file beside it is read")
        }
    ) {
        self = withoutActuallyEscaping(beside) { beside in
            let reader = ComposeReader(file: file, options: options, beside: beside)
            reader.read(bytes)
            return ComposeImport(reader)
        }
    }

    private init(_ reader: ComposeReader) {
        (workloads, notes) = (reader.finished, reader.notes)
        notes.sort { ($0.line, $0.column, $0.path, $0.message) < ($1.line, $1.column, $1.path, $1.message) }
    }
}

/// Why a file beside a Compose file was not read.
public struct ComposeFileFault: Error, Sendable, CustomStringConvertible {
    /// For people; begins in lower case.
    public var message: String
    public var description: String { message }
    /// Makes a fault.
    public init(_ message: String) { self.message = message }
}
