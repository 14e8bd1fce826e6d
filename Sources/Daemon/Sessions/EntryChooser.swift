import CurfewDrivers
import CurfewModel

/// Chooses the instance that somebody is let into.
struct EntryChooser: Sendable {
    /// The runtime of this name, when people can be let into its instances.
    let runtime: @Sendable (Name) -> (any InteractiveRuntime)?
    /// The instances of a workload that are healthy, as the loop sees them.
    let healthy: @Sendable (Name) async -> Set<InstanceID>
    /// Longest time that the engine may take to answer.
    var limit = Span.seconds(10)

    /// The instance that is asked for, if it runs; else the newest healthy one.
    /// - Throws: ``EntryRefusal``.
    func choose(_ wanted: String?, of workload: Name, in name: Name, for person: Name) async throws(EntryRefusal)
        -> (runtime: any InteractiveRuntime, instance: InstanceID)
    {
        func refusal(_ reason: ExecEnd.Reason, _ message: String) -> EntryRefusal {
            EntryRefusal(reason: reason, message: message, detail: message, person: person)
        }
        guard let runtime = runtime(name) else {
            throw refusal(.failed, "runtime \(name) lets nobody into its instances")
        }
        // Not one switch over the optional: Swift 6.3's optimizer takes the wrong branch there (docs/architecture.md).
        guard let answer = await bounded(limit, { await Result { try await runtime.observe() } }) else {
            throw refusal(.failed, "runtime \(name) does not answer within \(limit)")
        }
        let all: [ObservedInstance]
        switch answer {
        case .success(let instances): all = instances
        case .failure(let error): throw refusal(.failed, "runtime \(name) does not answer: \(error)")
        }
        let running = all.filter { $0.workload == workload && $0.state == .running && $0.foreign == nil }
            .sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }
        if let wanted {
            guard let instance = running.first(where: { $0.id.rawValue == wanted }) else {
                throw refusal(.notFound, "\(workload) has no running instance \(wanted); there are: \(Self.list(running))")
            }
            return (runtime, instance.id)
        }
        let good = await healthy(workload)
        if let instance = running.first(where: { good.contains($0.id) }) { return (runtime, instance.id) }
        throw refusal(
            .notFound,
            running.isEmpty
                ? "\(workload) has no running instance in runtime \(name)"
                : "\(workload) has no healthy instance; name one with --instance: \(Self.list(running))")
    }

    private static func list(_ instances: [ObservedInstance]) -> String {
        instances.isEmpty ? "none" : instances.prefix(10).map(\.id.rawValue).joined(separator: ", ")
    }
}

extension Result where Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
