public import CurfewDrivers
import CurfewModel

extension ExecBackend {
    /// Writes down who may go in. An earlier end that was given before stays the end.
    /// - Throws: ``DriverError`` before the start, after the end and for settings with ``problems(with:for:)``.
    public func give(_ order: AccessOrder) async throws -> [Credential] {
        if case .ours(let other) = records.read("\(order.id).json"), other.grant != order.id {
            throw failure("give", "\(order.id)", "\(records.file(order.id)) belongs to another grant whose id begins alike")
        }
        let moment = now()
        let (settings, problems) = ExecSettings.read(order.settings, for: order.person)
        guard let settings else { throw failure("give", "\(order.id)", problems.joined(separator: "; ")) }
        guard order.start <= moment else {
            throw failure("give", "\(order.id)", "it begins at \(order.start.text) and is not put in place before")
        }
        guard moment < order.end else { throw failure("give", "\(order.id)", "its end, \(order.end.text), is over") }
        var record = ExecRecord(
            grant: order.id, person: order.person.name, keys: order.person.loginKeys, workloads: settings.workloads,
            commands: settings.commands, start: order.start, end: order.end)
        if let there = records.read(order.id) {
            (record.start, record.end) = (there.start, min(there.end, record.end))
            if record == there { return [credential(there)] }
        }
        // Before the record: without a place to write uses down, there is no way in.
        if uses.read(order.id) == nil { try uses.write(UseFolder.Uses(grant: order.id)) }
        try records.write(record)
        return [credential(record)]
    }

    /// Not secret: without the person's key it opens nothing.
    private func credential(_ record: ExecRecord) -> Credential {
        let socket = configuration.socket.map { " --socket " + Self.quoted($0) } ?? ""
        let lines = record.workloads.flatMap { workload in
            (record.commands ?? [[]]).map { words in
                "  curfew exec \(record.grant.name) \(workload)\(socket)"
                    + (words.isEmpty ? "" : " -- " + words.map(Self.quoted).joined(separator: " "))
            }
        }
        let text = "Until \(record.end.text), as \(record.person), recorded:\n\(lines.joined(separator: "\n"))\n"
        return Credential(
            file: "\(name)-exec.txt", content: Array(text.utf8), isSecret: false,
            hint: lines.first?.trimmingPrefix("  ").description ?? "")
    }

    /// A word as a shell takes it back; people copy it.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "@%+=:,./_-".utf8.contains($0)
        }
        let shown = word.escapingControls
        return isPlain && !word.isEmpty
            ? word : "'" + shown.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
