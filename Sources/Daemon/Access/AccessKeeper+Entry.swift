import CurfewDrivers
import CurfewModel

extension AccessKeeper {
    /// Somebody went into an instance by the engine's own door. Under live grants whose roles touch its workload it is
    /// noted as evidence of their use; returns their names, none when nobody had to be there.
    func note(_ entry: ObservedEntry) async -> [Name] {
        let live = store.records.values.filter { record in
            guard record.phase == .given || record.phase == .ending, record.touches.contains(entry.workload),
                let start = record.start, let end = record.end
            else { return false }
            // The engine's clock and ours may differ by a little.
            return start <= entry.at + .seconds(2) && entry.at < end
        }
        for record in live {
            var record = record
            record.wasEntered = true
            if record.evidence.count < 40 {
                record.evidence.append("\(entry.runtime): \(entry.instance), \(EntryKeeper.words(for: entry))")
            }
            store[record.id] = record
        }
        if !live.isEmpty { await save() }
        return live.map(\.id.name).sorted()
    }
}
