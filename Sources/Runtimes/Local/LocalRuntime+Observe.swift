import CurfewDrivers
public import CurfewModel
import Glibc

extension LocalRuntime {
    public func observe() async throws -> [ObservedInstance] {
        let isOpen = isOpen
        let found = try await lanes.run { [self] in try lookAtAll(asOwner: isOpen) }
        if isOpen { for entry in try await intruders() { entered.yield(entry) } }
        return found
    }

    /// Looks at every instance; each store folder in use is walked once, however many instances use it.
    private nonisolated func lookAtAll(asOwner: Bool) throws -> [ObservedInstance] {
        let operation = "observe the local runtime"
        guard let names = try Files.names(in: instances, for: operation) else {
            // Nothing was ever run here, unless the folder was there a moment ago.
            guard !asOwner else {
                throw DriverError(
                    .storage, operation: operation, subject: instances,
                    "the folder was removed while Curfew runs; restore it, or stop what runs and start Curfew again")
            }
            return []
        }
        var changes: [String: String?] = [:]
        return try names.filter { !$0.utf8.starts(with: ".new-".utf8) && !$0.utf8.starts(with: ".gone-".utf8) }.map { name in
            var sight = InstanceFolder(path: "\(instances)/\(name)").look(name: name)
            guard let record = sight.record else { return sight.observed() }
            for (entry, what) in [(record.artifact, "artifact"), (record.hostFiles, "host files")] {
                guard let entry, sight.tampered == nil else { continue }
                if changes[entry.key] == nil { changes[entry.key] = .some(try inspect(entry.key, asOwner: asOwner)) }
                let change = changes[entry.key] ?? nil
                let isSame = Files.identity(store.path(entry.key)) == entry.identity
                if isSame, let change {
                    sight.tampered = "\(what): \(change)"
                } else if !isSame {
                    sight.tampered = "\(what): \(store.reason(for: entry))"
                }
            }
            return sight.observed()
        }
    }

    /// What was changed in a store folder; one that was changed is put aside, so that the next start gets a fresh one.
    private nonisolated func inspect(_ key: String, asOwner: Bool) throws -> String? {
        guard let change = try store.change(in: key) else { return nil }
        if asOwner { try store.setAside(key, because: change) }
        return change
    }
}
