import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel

extension DockerRuntime {
    /// One list of the engine's; only containers that are new, that changed or that something happened to are looked at
    /// closer, and each time one more for changed files.
    public func observe() async throws -> [ObservedInstance] {
        try await translating("observe", "\(client.endpoint)") {
            try await claim()
            // What is started while the engine answers is in no list yet.
            let (before, seen) = (written, Set(known.keys))
            let list = try await client.containers(labels: [ContainerMark.kind + "=instance"])
            try await missing(in: list, before, seen)
            try await look(at: list)
            try await audit()
            if isOpen { for entry in await intruders() { entered.yield(entry) } }
            return known.values.map(\.instance).sorted { $0.id < $1.id }
        }
    }

    /// Those of ours that are not in the list must really be gone: an engine that has just been started may not know all
    /// of its containers yet, and what is not seen must not be made a second time.
    private func missing(in list: [ContainerSummary], _ before: [InstanceID: Ledger.Entry], _ seen: Set<String>) async throws {
        let listed = Set(list.map(\.Id))
        for (id, entry) in before where !listed.contains(entry.object) && starting[id] == nil && stopping[id] == nil {
            // Stopped meanwhile by us.
            guard written[id]?.object == entry.object else { continue }
            do {
                let details = try await client.container(entry.object)
                guard details.State.Status == "removing" || details.State.Status == "dead" else {
                    throw DockerError(.unreachable, "list containers", "the list is not whole: \(id) is there and not in it")
                }
            } catch let error as DockerError where error.isNotFound {
                guard starting[id] == nil, written[id]?.object == entry.object else { continue }
                try note(id, nil)
                if isOpen { secrets.remove(id) }
            }
        }
        for id in seen where !listed.contains(id) { known[id] = nil }
    }

    private func look(at list: [ContainerSummary]) async throws {
        var fresh: [ContainerSummary] = []
        for summary in list where summary.State != "removing" && !isBeingMade(summary) {
            if let sight = known[summary.Id], !sight.isStale, sight.summary.isAs(summary) {
                if sight.instance.health?.probe == .image { known[summary.Id]?.instance.reportedHealth = summary.health }
            } else {
                fresh.append(summary)
            }
        }
        var next = fresh.makeIterator()
        typealias Look = (summary: ContainerSummary, details: ContainerDetails?, news: Int)
        try await withThrowingTaskGroup(of: Look.self) { group in
            func add() {
                guard let summary = next.next() else { return }
                let news = news[summary.Id] ?? 0
                group.addTask { [client] in
                    do { return (summary, try await client.container(summary.Id), news) } catch let error as DockerError
                        where error.isNotFound
                    { return (summary, nil, news) }
                }
            }
            for _ in 0..<8 { add() }
            while let (summary, details, before) = try await group.next() {
                add()
                known[summary.Id] = details.map { judge(summary, $0) }
                // Something happened to it while the engine answered: looked at once more.
                if news[summary.Id] ?? 0 != before { known[summary.Id]?.isStale = true }
            }
        }
    }

    /// Whether it is one that a call of ours has just made, whose answer has not come yet: it is in no ledger.
    private func isBeingMade(_ summary: ContainerSummary) -> Bool {
        guard let id = (summary.Labels?[ContainerMark.prefix + "instance"]).flatMap({ InstanceID($0) }) else { return false }
        return starting[id] != nil && written[id] == nil
    }

    /// What a container is to us.
    func judge(_ summary: ContainerSummary, _ details: ContainerDetails) -> Sight {
        let labels = details.Config.Labels ?? [:]
        guard let mark = ContainerMark(labels: labels) else {
            return foreign(summary, details, labels, "it wears labels of Curfew's that Curfew did not write")
        }
        if mark.owner != owner { return foreign(summary, details, labels, "another Curfew made it") }
        guard let entry = written[mark.id] else {
            return foreign(summary, details, labels, "Curfew did not make it, or does not remember having made it")
        }
        guard entry.object == details.Id else {
            return foreign(summary, details, labels, "it was made by hand with the labels of \(mark.id)")
        }
        let request = try? ContainerRequest(encoded: entry.document)
        var instance = mark.observed(state(of: details, mark.id), endpoints: endpoints(mark, details, summary))
        instance.tampered = entry.tampered ?? fault(mark, entry, details, request)
        instance.reportedHealth = summary.health
        var sight = Sight(summary: summary, instance: instance, request: request)
        if mark.health?.probe == .image { sight.healthcheck = Self.words(of: details.Config.Healthcheck) }
        if details.State.Running ?? false { sight.process = details.State.Pid }
        return sight
    }

    private func fault(_ mark: ContainerMark, _ entry: Ledger.Entry, _ details: ContainerDetails, _ request: ContainerRequest?)
        -> String?
    {
        guard let request else { return "what it was made from cannot be read any more" }
        if details.Name != "/\(mark.id)" { return "it was renamed to \(details.Name.dropFirst().prefix(64))" }
        if details.State.Status == "paused" { return "it was paused by hand" }
        if let started = entry.startedAt, let now = details.State.StartedAt, now != started, starting[mark.id] == nil {
            return "it was started again by hand"
        }
        return ConfigurationDrift.first(details, made: request)
    }

    private func foreign(_ summary: ContainerSummary, _ details: ContainerDetails, _ labels: [String: String], _ why: String)
        -> Sight
    {
        let workload = labels[ContainerMark.prefix + "workload"].flatMap { Name($0) } ?? Name(literal: "foreign")
        let generation = labels[ContainerMark.prefix + "generation"].flatMap { Generation($0) } ?? .unknown
        let id = Self.foreignID(details.Id)
        var instance = ObservedInstance(
            id: id, workload: workload, generation: generation, state: state(of: details, id),
            createdAt: Instant(milliseconds: 0) + .seconds(summary.Created))
        instance.foreign = why
        return Sight(summary: summary, instance: instance)
    }

    private func state(of details: ContainerDetails, _ id: InstanceID) -> ObservedInstance.State {
        switch details.State.Status {
        case "running", "paused", "restarting": .running
        // Not started yet, by a start that is under way; else by one that was killed.
        case "created": starting[id] == nil ? .exited(code: nil) : .starting
        default: .exited(code: details.State.ExitCode.map { Int32(clamping: $0) })
        }
    }

    /// Where its ports are reached just now.
    private func endpoints(_ mark: ContainerMark, _ details: ContainerDetails, _ summary: ContainerSummary) -> [Name: Endpoint]
    {
        guard details.State.Running ?? false else { return [:] }
        switch configuration.reach {
        case .address:
            let networks = details.NetworkSettings?.Networks ?? [:]
            guard let host = networks[network]?.IPAddress, !host.isEmpty else { return [:] }
            return mark.ports.mapValues { Endpoint(host: host, port: $0) }
        case .published(let address):
            var result: [Name: Endpoint] = [:]
            for (name, port) in mark.ports {
                if let found = (summary.Ports ?? []).first(where: {
                    $0.PrivatePort == port && (1...65535).contains($0.PublicPort ?? 0)
                }) {
                    result[name] = Endpoint(host: address, port: found.PublicPort ?? port)
                }
            }
            return result
        }
    }

    /// Looks for changed files in a few of those that run, one after another.
    private func audit() async throws {
        let candidates = known.values.filter {
            $0.instance.state == .running && $0.instance.tampered == nil && $0.request != nil
        }
        .map(\.summary.Id).sorted()
        guard !candidates.isEmpty else { return }
        for _ in 0..<min(configuration.audits, candidates.count) {
            auditPosition = (auditPosition + 1) % candidates.count
            try await audit(candidates[auditPosition])
        }
    }

    /// Looks for changed files in one. What is found is written down: it stays true.
    func audit(_ container: String) async throws {
        guard let request = known[container]?.request, let id = known[container]?.instance.id,
            !(request.host.ReadonlyRootfs == false)
        else { return }
        let changes: [FileChange]
        do { changes = try await client.changes(in: container) } catch let error as DockerError where error.status != nil {
            return
        }
        guard let path = ConfigurationDrift.changedFiles(changes, writable: request.writable).first else { return }
        known[container]?.instance.tampered = "\(path) was changed"
        if var entry = written[id], entry.object == container, entry.tampered == nil {
            entry.tampered = "\(path) was changed"
            try note(id, entry)
        }
    }
}
