public import CurfewDrivers
import CurfewModel
import CurfewSystem
import Glibc

extension SudoBackend {
    /// The drop-ins with our prefix, and every other file of the folder that gives somebody something.
    public func observe() async throws -> [ObservedAccess] {
        try restore()
        return try names().compactMap { name -> ObservedAccess? in
            let path = configuration.folder + "/" + name
            if name.hasPrefix(configuration.prefix) { return judge(name, path) }
            return stranger(path)
        }
    }

    /// A file of somebody else's, if it gives somebody something or cannot be read.
    private func stranger(_ path: String) -> ObservedAccess? {
        do {
            guard let bytes = try PlainFile.read(path, limit: DropInFile.limit),
                DropInFile.grantsSomething(String(decoding: bytes, as: UTF8.self))
            else { return nil }
            return ObservedAccess(grant: nil, subject: path, end: nil, detail: "rules that no grant gives")
        } catch { return ObservedAccess(grant: nil, subject: path, end: nil, detail: error.message) }
    }

    /// One file with our prefix: a grant's, or tampered with.
    private func judge(_ name: String, _ path: String) -> ObservedAccess? {
        func foreign(_ detail: String) -> ObservedAccess {
            ObservedAccess(grant: nil, subject: path, end: nil, detail: detail)
        }
        switch DropInFile.read(path) {
        case .missing: return nil
        case .other(let reason): return foreign(reason)
        case .ours(let there):
            guard name == "\(configuration.prefix)\(there.grant)" else { return foreign("it is a copy of \(there.grant)'s") }
            // A whole file that says more than what was given: only the trace can tell.
            if let trace = traces.read(there.grant),
                trace.end < there.end || trace.account != there.account || trace.commands != there.commands.map(\.text)
            {
                return foreign("it gives more than \(there.grant) was given")
            }
            let commands = there.commands.map(\.text).joined(separator: ", ")
            return ObservedAccess(
                grant: there.grant, subject: path, end: there.end,
                detail: "\(there.account) may run as \(there.runAs): \(commands.prefix(200))")
        }
    }

    /// Removes a file with our prefix and our mark that is not as we wrote it. Every other file belongs to somebody.
    /// - Throws: ``DriverError``, `unsupported` for files without our prefix and for anything outside the folder.
    public func removeForeign(_ access: ObservedAccess) async throws {
        let name = access.subject.split(separator: "/").last.map(String.init) ?? ""
        guard access.grant == nil, access.subject == configuration.folder + "/" + name, name.hasPrefix(configuration.prefix)
        else {
            throw DriverError(
                .unsupported, operation: "remove", subject: access.subject.escapingControls,
                "only files in \(configuration.folder) that begin with '\(configuration.prefix)' are removed; remove this one by hand"
            )
        }
        guard let seen = judge(name, access.subject) else { return }
        guard seen.grant == nil else {
            throw failure("remove", access.subject, "it is a grant's by now; end the grant")
        }
        do { try DropInFile.remove(access.subject) } catch {
            throw DriverError(
                .unsupported, operation: "remove", subject: access.subject.escapingControls,
                "\(error.message.escapingControls); remove it by hand if nobody needs it")
        }
    }
}
