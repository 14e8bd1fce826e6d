import CurfewDrivers
import CurfewModel

extension AccessKeeper {
    /// How long what a target needs to refuse access may be damaged before it is noticed and written again.
    static let observationInterval = Span.seconds(4)

    /// Compares what the targets show with what should be there, now and then: what nobody knows of is ended or reported. Each
    /// backend for itself.
    func observe(now: Instant) {
        if let last = lastObservation, now - last < Self.observationInterval, !anythingIsDue { return }
        lastObservation = now
        for (name, backend) in parts.backends where opened.contains(name) || parts.opens[name] == nil {
            begin(.observe(name), within: .seconds(30)) { await self.observe(name, backend) }
        }
    }

    private func observe(_ name: Name, _ backend: any AccessBackend) async {
        let before = problems
        defer { if problems != before { alarm.ring() } }
        do {
            let seen = try await backend.observe()
            let now = parts.clock.now
            let live = seen.filter { !$0.isRevoked && ($0.end.map { $0 > now } ?? true) }
            for id in live.compactMap(\.grant) where isStray(id) { strays[name, default: []].insert(id) }
            let unmanaged = seen.filter { $0.grant == nil }
            for access in unmanaged where parts.removesForeign.contains(name) {
                try await backend.removeForeign(access)
                events.append(
                    event(
                        "access.removed", about: nil,
                        "\(name): removed \(access.subject.escapingControls), which no grant gives"))
            }
            let shown = unmanaged.map { "\($0.subject.escapingControls) (\($0.detail.escapingControls))" }.prefix(5)
            problems["foreign/\(name)"] =
                unmanaged.isEmpty || parts.removesForeign.contains(name)
                ? nil : "\(name) has access that no grant gives: \(shown.joined(separator: ", "))"
            problems["observe/\(name)"] = nil
        } catch { problems["observe/\(name)"] = "\(name) does not answer: \(error)" }
        let report = await backend.report()
        for repair in report.repairs {
            events.append(event("access.repaired", about: nil, "\(name): \(repair.escapingControls)"))
        }
        problems["backend/\(name)"] =
            report.problems.isEmpty
            ? nil : "\(name): \(report.problems.prefix(5).joined(separator: "; ").escapingControls)"
    }

    /// Whether nothing that is remembered speaks for its being alive.
    private func isStray(_ id: GrantID) -> Bool {
        guard let record = store[id] else { return true }
        return record.phase == .ended || record.phase == .closed
    }
}
