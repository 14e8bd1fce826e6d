public import CurfewDrivers
public import CurfewModel
import Glibc

extension ExecBackend {
    /// The records, and every other file that lies among them. Those let nobody in, but somebody put them there.
    public func observe() async throws -> [ObservedAccess] {
        guard let names = records.names() else {
            // A lost folder is no failure of the target: there is no way in any more.
            if access(configuration.folder, F_OK) != 0, errno == ENOENT { return [] }
            throw failure("read", configuration.folder, "it cannot be read: \(Files.reason())")
        }
        return names.compactMap { judge($0) }
    }

    private func judge(_ name: String) -> ObservedAccess? {
        let path = "\(configuration.folder)/\(name)"
        switch records.read(name) {
        case .missing: return nil
        case .other(let why): return ObservedAccess(grant: nil, subject: path.escapingControls, end: nil, detail: why)
        case .ours(let record):
            let inside = live.values.filter { $0.session.grant == record.grant }.count
            let places = record.workloads.prefix(5).map(\.rawValue).joined(separator: ", ")
            let more = inside == 0 ? "" : "; \(inside) session\(inside == 1 ? " is" : "s are") open"
            return ObservedAccess(
                grant: record.grant, subject: path, end: record.end, detail: "\(record.person) may enter \(places)\(more)")
        }
    }

    /// Removes a file that is no record.
    /// - Throws: ``DriverError``, `unsupported` for anything outside the folder.
    public func removeForeign(_ access: ObservedAccess) async throws {
        let names = (records.names() ?? []).filter { "\(configuration.folder)/\($0)".escapingControls == access.subject }
        guard access.grant == nil, access.subject.hasPrefix(configuration.folder + "/") else {
            throw DriverError(
                .unsupported, operation: "remove", subject: access.subject.escapingControls,
                "only files in \(configuration.folder) that are no records are removed; remove this one by hand")
        }
        for name in names {
            guard case .other = records.read(name) else {
                throw failure("remove", access.subject, "it is a grant's by now; end the grant")
            }
            let path = "\(configuration.folder)/\(name)"
            guard unlink(path) == 0 || errno == ENOENT else { throw Files.failure("remove", path) }
        }
        Files.sync(folder: configuration.folder)
    }

    /// The sessions of this grant, as they were recorded. "Not used" is sure: there is no way in but this one.
    public func evidence(_ id: GrantID) async throws -> AccessEvidence {
        guard let kept = uses.read(id) else {
            return AccessEvidence(used: nil, lines: ["nothing is kept of this grant: the state folder was lost"])
        }
        let entered = kept.uses.filter { $0.entered != false }
        guard !entered.isEmpty || kept.dropped > 0 else { return AccessEvidence(used: false) }
        let lines = entered.map { use -> String in
            let length = use.ended.map { " for \(Span(milliseconds: ($0 - use.began).milliseconds / 1000 * 1000))" } ?? ""
            return
                "\(use.began.text) \(use.person) ran \(use.command) in \(use.workload) (\(use.instance))\(length); \(use.how ?? "not over, or Curfew died"); recording \(use.session)"
                .prefix(400).description.escapingControls
        }
        let rest = lines.count - 19 + kept.dropped
        guard lines.count + kept.dropped > 20 else { return AccessEvidence(used: true, lines: lines) }
        return AccessEvidence(used: true, lines: lines.prefix(19) + ["and \(rest) more sessions"])
    }
}
