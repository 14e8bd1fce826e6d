import CurfewDrivers
public import CurfewModel

/// What the service asks when somebody knocks.
extension ExecBackend {
    /// The records of grants of this name, live or not: another content is another grant.
    public func records(named name: Name) -> [ExecRecord] { records.all().filter { $0.grant.name == name } }

    /// Writes down that somebody goes in, if the grant lets them at this very moment. From now on ``end(_:)`` cuts them.
    /// - Throws: ``DriverError`` when the grant has ended, does not allow this, or the use cannot be written down; then
    ///   nothing may be begun.
    public func begin(_ session: any ExecSession, entry: ExecEntry) throws {
        guard !isClosing else { throw failure("enter", "\(entry.instance)", "Curfew stops") }
        guard let record = records.read(entry.grant), record.isLive(at: now()) else {
            throw failure("enter", "\(entry.instance)", "the grant \(entry.grant.name) has ended")
        }
        guard record.workloads.contains(entry.workload), record.allows(entry.command) else {
            throw failure("enter", "\(entry.instance)", "the grant \(entry.grant.name) does not allow it")
        }
        let use = Use(
            session: session.id, person: record.person, workload: entry.workload, instance: entry.instance,
            command: record.shown(entry.command), began: now())
        try uses.note(use, of: entry.grant)
        live[session.id] = LiveSession(session: session, use: use)
    }

    /// The session has ended. What cannot be written down is told as not over.
    /// - Parameter entered: whether the command was begun.
    public func finish(_ session: any ExecSession, how: String, entered: Bool) {
        guard var use = live.removeValue(forKey: session.id)?.use else { return }
        (use.ended, use.how, use.entered) = (now(), how, entered)
        try? uses.note(use, of: session.grant)
    }

    /// Cuts everybody and lets nobody in any more: Curfew stops.
    public func cutAll(_ why: String) async {
        isClosing = true
        await withTaskGroup(of: Void.self) { group in
            for inside in live.values { group.addTask { await inside.session.cut(why) } }
        }
    }

    /// How many are in.
    public var openSessions: Int { live.count }
}
