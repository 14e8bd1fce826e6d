import CurfewGitSource
import CurfewModel
import CurfewSystem
import Foundation

/// What a host has taken last, so that nothing older is taken again. Durable: it is written before it is relied on.
struct HostMemory: Codable, Equatable {
    var root: ObjectID?
    /// The fingerprint of the authority whose list is in place.
    var authority: String?
    var sequence: Int64?
    /// The version of the revocation list.
    var version: Int64?

    private static let name = "taken.json"
    /// What an older version left, with the list's version alone.
    private static let formerName = "version"

    /// - Throws: when it cannot be read: then nothing may be taken.
    static func read(_ folder: String) throws -> HostMemory {
        if let bytes = try PlainFile.read("\(folder)/\(name)", limit: 65_536) {
            return try JSONDecoder().decode(HostMemory.self, from: Data(bytes))
        }
        let former = try PlainFile.read("\(folder)/\(formerName)", limit: 64)
        return HostMemory(version: former.flatMap { Int64(String(decoding: $0, as: UTF8.self)) })
    }

    func write(_ folder: String) throws {
        try AtomicFile.write(Array(try JSONEncoder().encode(self)), to: "\(folder)/\(Self.name)")
    }

    /// Whether the fetched objects have become so many that they are fetched anew, by git's own rule of thumb: one of 256
    /// folders is counted.
    static func isFull(_ repository: String) throws -> Bool {
        let packs = PlainFile.names(in: repository + "/objects/pack") ?? []
        return (PlainFile.names(in: repository + "/objects/17") ?? []).count > 27 || packs.count > 100
    }
}

/// `git` on a host, without a person: nobody is asked, nothing redirects, no address names a program.
enum HostGit {
    static func program(_ arguments: [String]) -> Program {
        var environment = Program.plainEnvironment
        let own = ProcessInfo.processInfo.environment
        for (name, value) in own where Self.isKept(name) { environment[name] = value }
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_SSH_COMMAND"] = own["GIT_SSH_COMMAND"] ?? "ssh -o BatchMode=yes"
        let fixed = [
            "-c", "protocol.ext.allow=never", "-c", "protocol.fd.allow=never", "-c", "core.hooksPath=/dev/null", "-c",
            "gc.auto=0", "-c", "maintenance.auto=false", "-c", "http.followRedirects=false", "-c",
            "core.alternateRefsCommand=true", "-c", "fetch.fsckObjects=true",
        ]
        var program = Program(
            "git", fixed + arguments, environment: environment, outputLimit: 1 << 20, errorLimit: 64 << 10,
            hint: "it is in the package git")
        program.fileSizeLimit = 256 << 20
        return program
    }

    /// What an administrator says in the environment of a unit about how the repository is reached.
    private static func isKept(_ name: String) -> Bool {
        let known = ["HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"]
        return known.contains(name) || name.hasPrefix("GIT_SSL_") || name.lowercased().hasSuffix("_proxy")
    }
}

extension Program.Result {
    /// The last line that it complained with, harmless.
    var lastComplaint: String {
        String(decoding: errors.suffix(2000), as: UTF8.self).split(separator: "\n").last.map { String($0).escapingControls }
            ?? "it ended with \(status)"
    }
}
