import CurfewDrivers
import CurfewModel

extension AccessKeeper {
    /// Compares what the targets show with what should be there, now and then: what nobody knows of is ended or told.
    func look(now: Instant) async {
        if let last = lastObservation, now - last < .seconds(10), !anythingIsDue { return }
        lastObservation = now
        for (name, backend) in parts.backends.sorted(by: { $0.key < $1.key }) {
            do {
                let seen = try await backend.observe()
                let live = seen.filter { !$0.isRevoked && ($0.end.map { $0 > now } ?? true) }
                let stray = live.compactMap(\.grant).filter { id in
                    guard let record = store[id] else { return true }
                    return record.phase == .ended || record.phase == .closed
                }
                if !stray.isEmpty {
                    try await backend.end(stray)
                    for id in stray {
                        await record("grant.stray", "\(id) was still alive on \(name) with no live grant; ended")
                    }
                }
                let foreign = seen.filter { $0.grant == nil }
                for access in foreign where parts.removesForeign.contains(name) {
                    try await backend.removeForeign(access)
                    await record("access.removed", "\(name): removed \(access.subject.escapingControls), which no grant gives")
                }
                let told = foreign.map { "\($0.subject.escapingControls) (\($0.detail.escapingControls))" }.prefix(5)
                problems["foreign/\(name)"] =
                    foreign.isEmpty || parts.removesForeign.contains(name)
                    ? nil : "\(name) has access that no grant gives: \(told.joined(separator: ", "))"
                problems["observe/\(name)"] = nil
            } catch { problems["observe/\(name)"] = "\(name) does not answer: \(error)" }
            let report = await backend.report()
            for repair in report.repairs { await record("access.repaired", "\(name): \(repair.escapingControls)") }
            problems["backend/\(name)"] =
                report.problems.isEmpty
                ? nil : "\(name): \(report.problems.prefix(5).joined(separator: "; ").escapingControls)"
        }
    }
}
