import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel
import Foundation

extension SwarmRuntime {
    /// One list of services and one of tasks; the nodes only when something happened to one.
    public func observe() async throws -> [ObservedInstance] {
        try await translating("observe", pool.place) {
            try await claim()
            // What is started while the swarm answers is in no list yet.
            let before = written
            let services = try await pool.ask("list services") { try await $0.services(labels: instanceLabels) }
            let tasks = try await pool.ask("list tasks") { try await $0.tasks(labels: instanceLabels) }
            try await missing(in: services, before)
            note(tasks)
            let histories = Dictionary(grouping: tasks) { $0.ServiceID ?? "" }
            try await refreshNodes(for: tasks)
            var seen: [InstanceID: Sight] = [:]
            var result: [ObservedInstance] = []
            for service in services {
                // Made by a start that has not heard of it yet: it is nobody else's, and the start will tell of it.
                if let id = (service.Spec.Labels?[ContainerMark.prefix + "instance"]).flatMap({ InstanceID($0) }),
                    starting[id] != nil, written[id] == nil
                {
                    continue
                }
                let (instance, sight) = judge(service, histories[service.ID] ?? [])
                seen[instance.id] = sight
                result.append(instance)
            }
            // What was started meanwhile is not in the list.
            known = seen.merging(known.filter { written[$0.key] != nil && before[$0.key] == nil }) { new, _ in new }
            return result.sorted { $0.id < $1.id }
        }
    }

    /// Those of ours that are not in the list must really be gone: what is not seen must not be made a second time.
    private func missing(in services: [ServiceDetails], _ before: [InstanceID: Ledger.Entry]) async throws {
        let listed = Set(services.map(\.ID))
        for (id, entry) in before where !listed.contains(entry.object) && starting[id] == nil && stopping[id] == nil {
            // Stopped meanwhile by us.
            guard written[id]?.object == entry.object else { continue }
            do {
                _ = try await pool.ask("look for a service") { try await $0.service(entry.object) }
                throw DockerError(.unreachable, "list services", "the list is not whole: \(id) is there and not in it")
            } catch let error as DockerError where error.isNotFound {
                guard starting[id] == nil, written[id]?.object == entry.object else { continue }
                try note(id, nil)
            }
        }
    }

    /// Remembers which tasks were given up while they ran, as long as they are told of.
    func note(_ tasks: [SwarmTask]) {
        moved.formIntersection(tasks.map(\.ID))
        for task in tasks where TaskHistory.isGivenUp(task) { moved.insert(task.ID) }
    }

    func refreshNodes(for tasks: [SwarmTask]) async throws {
        let isKnown = tasks.allSatisfy { task in
            task.NodeID.map { $0.isEmpty || nodes[$0] != nil } ?? true || task.Status.State != "running"
        }
        guard nodesAreStale || !isKnown else { return }
        nodesAreStale = false
        do {
            let list = try await pool.ask("list nodes") { try await $0.nodes() }
            nodes = Dictionary(list.map { ($0.ID, $0) }) { first, _ in first }
        } catch {
            nodesAreStale = true
            throw error
        }
    }

    /// What a service is to us.
    func judge(_ service: ServiceDetails, _ tasks: [SwarmTask]) -> (ObservedInstance, Sight) {
        let labels = service.Spec.Labels ?? [:]
        guard let mark = ContainerMark(labels: labels) else {
            return foreign(service, tasks, labels, "it wears labels of Curfew's that Curfew did not write")
        }
        if mark.owner != owner { return foreign(service, tasks, labels, "another Curfew made it") }
        guard let entry = written[mark.id] else {
            return foreign(service, tasks, labels, "Curfew did not make it, or does not remember having made it")
        }
        guard entry.object == service.ID else {
            return foreign(service, tasks, labels, "it was made by hand with the labels of \(mark.id)")
        }
        let history = TaskHistory(tasks, moved: moved)
        var instance = mark.observed(history.state, endpoints: endpoints(mark, history))
        let version = service.Version?.Index ?? 0
        if let sight = known[mark.id], sight.service == service.ID, sight.version == version, version > 0 {
            instance.tampered = sight.tampered
        } else if let made = try? JSONDecoder().decode(ServiceSpec.self, from: entry.document) {
            instance.tampered = SpecDrift.first(service, made: made).map { String($0.prefix(300)).escapingControls }
        } else {
            instance.tampered = "what it was made from cannot be read any more"
        }
        // A swarm tells a task as running only once its image's own check has passed, and ends it when it fails.
        if mark.health?.probe == .image { instance.reportedHealth = history.state == .running ? .healthy : .unknown }
        instance.place = (history.task?.NodeID).flatMap { nodes[$0]?.Description?.Hostname }.map {
            String($0.prefix(255)).escapingControls
        }
        return (
            instance,
            Sight(
                service: service.ID, workload: mark.workload, ordinal: mark.ordinal, version: version,
                tampered: instance.tampered)
        )
    }

    private func foreign(_ service: ServiceDetails, _ tasks: [SwarmTask], _ labels: [String: String], _ why: String)
        -> (ObservedInstance, Sight)
    {
        let workload = labels[ContainerMark.prefix + "workload"].flatMap { Name($0) } ?? Name(literal: "foreign")
        let generation = labels[ContainerMark.prefix + "generation"].flatMap { Generation($0) } ?? .unknown
        // It may wear the id of one that is ours.
        let digits = service.ID.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(32)
        let id = InstanceID("foreign-\(digits)") ?? InstanceID("foreign-0") ?? { preconditionFailure("a plain id") }()
        let state = TaskHistory(tasks, moved: moved).state
        var instance = ObservedInstance(
            id: id, workload: workload, generation: generation, state: state,
            createdAt: Instant(milliseconds: SwarmTask.milliseconds(service.CreatedAt) ?? 0))
        instance.foreign = why
        return (instance, Sight(service: service.ID, workload: workload, ordinal: -1, version: 0))
    }

    /// Where its ports are reached just now: on the node that it is on, at ports of the node's choice.
    private func endpoints(_ mark: ContainerMark, _ history: TaskHistory) -> [Name: Endpoint] {
        guard history.state == .running, let task = history.task, let node = task.NodeID.flatMap({ nodes[$0] }),
            let host = NodeAddress.of(node)
        else { return [:] }
        let published = task.Status.PortStatus?.Ports ?? []
        var result: [Name: Endpoint] = [:]
        for (name, port) in mark.ports {
            let found = published.first { $0.TargetPort == port && (1...65535).contains($0.PublishedPort ?? 0) }
            if let number = found?.PublishedPort { result[name] = Endpoint(host: host, port: number) }
        }
        return result
    }
}
