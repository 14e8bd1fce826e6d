public import CurfewDrivers
public import CurfewModel

extension ExecBackend {
    /// Removes the records and cuts every session of these grants; returns once they are cut.
    /// - Throws: ``DriverError`` naming what could not be removed or cut; everything else is.
    public func end(_ ids: [GrantID]) async throws {
        var failures: [String] = []
        for id in Set(ids).sorted() {
            do { try records.remove(id) } catch { failures.append("\(error)") }
        }
        Files.sync(folder: configuration.folder)
        // Looked for after the removal: whoever comes later is refused.
        let victims = live.values.filter { ids.contains($0.session.grant) }.map(\.session)
        await withTaskGroup(of: Void.self) { group in
            for session in victims {
                group.addTask { await session.cut("the grant \(session.grant.name) has ended") }
            }
        }
        for session in victims where live[session.id] != nil {
            failures.append("session \(session.id) does not end: the engine does not answer")
        }
        forget()
        guard failures.isEmpty else {
            throw failure(
                "end", Set(ids).sorted().prefix(3).map(\.description).joined(separator: ", "), failures.joined(separator: "; "))
        }
    }

    /// Gone = no record that still holds, and nobody is in under it.
    public func probe(_ ids: [GrantID]) async throws -> [GrantID: AccessProbe] {
        let moment = now()
        var result: [GrantID: AccessProbe] = [:]
        for id in Set(ids) {
            let record = records.read(id)
            if let record, record.end > moment {
                result[id] = .alive("\(records.file(id)) lets \(record.person) in until \(record.end.text)")
            } else if let inside = live.values.first(where: { $0.session.grant == id }) {
                result[id] = .alive("session \(inside.session.id) in \(inside.use.instance) is open")
            } else if let record {
                result[id] = .gone("its record ended by itself at \(record.end.text); nobody is in")
            } else {
                result[id] = .gone("its record is not there; nobody is in")
            }
        }
        return result
    }
}
