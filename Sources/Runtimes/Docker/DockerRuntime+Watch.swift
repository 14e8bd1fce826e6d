import CurfewContainers
import CurfewDockerAPI
public import CurfewDrivers
public import CurfewModel

extension DockerRuntime {
    private static let filters = ["type": ["container"], "label": [ContainerMark.kind + "=instance"]]

    /// Ways into a container, by the beginning of the event's action.
    private static let ways = [
        ("exec_start: ", "exec"), ("attach", "attach"), ("extract-to-dir", "copy"), ("archive-path", "copy"),
        ("export", "export"),
    ]

    /// Listens until the stream ends. Begins where the last one ended, so that a cut loses nothing that the engine keeps.
    func watch() async throws {
        try await claim()
        let since = cursor == 0 ? nil : cursor + 1
        try await client.events(since: since, filters: Self.filters) { event in
            self.take(event)
        }
    }

    /// In the engine's unit, which ends in the year 2262.
    private static func nanoseconds(_ instant: Instant) -> Int64 {
        let most = Int64.max / 1_000_000
        return min(max(instant.milliseconds, 0), most) * 1_000_000
    }

    private func take(_ event: EngineEvent) {
        // A time that cannot be would be asked for ever after, and hide what happens until then.
        cursor = max(cursor, min(event.nanoseconds, Self.nanoseconds(wallClock() + .seconds(60))))
        guard let container = event.actor.ID else { return }
        if let entry = entry(of: event, isLive: true) { entered.yield(entry) }
        let action = String(event.action.prefix { $0 != ":" })
        switch action {
        case "exec_create", "exec_start", "exec_die", "exec_detach", "attach", "archive-path", "extract-to-dir", "export",
            "top", "resize":
            // A healthy instance is probed all the time: nothing is looked at again for that.
            return
        case "destroy": news[container] = nil
        default: news[container, default: 0] += 1
        }
        known[container]?.isStale = true
        let id = known[container]?.instance.id
        let code = event.actor.Attributes?["exitCode"].map { " with code \($0)" } ?? ""
        report.yield(RuntimeEvent(runtime: name, instance: id, detail: "\(id?.rawValue ?? "a container"): \(action)\(code)"))
    }

    public func entries(since: Instant) async throws -> [ObservedEntry] {
        var found: [ObservedEntry] = []
        let now = wallClock()
        try await translating("read the engine's history", "\(client.endpoint)") {
            try await client.events(
                since: Self.nanoseconds(since), until: Self.nanoseconds(max(now, since)),
                filters: Self.filters
            ) { event in
                guard let entry = self.entry(of: event, isLive: false) else { return }
                found.append(entry)
                guard found.count <= 20_000 else {
                    throw DockerError(.tooLarge, "read the engine's history", "it tells of more than 20000 entries at once")
                }
            }
        }
        return found + (isOpen ? await intruders() : [])
    }

    /// The entry that an event tells of; `nil` for what is none, or our own.
    private func entry(of event: EngineEvent, isLive: Bool) -> ObservedEntry? {
        guard let container = event.actor.ID, let way = Self.ways.first(where: { event.action.hasPrefix($0.0) }) else {
            return nil
        }
        let attributes = event.actor.Attributes ?? [:]
        guard let mark = ContainerMark(labels: attributes), mark.owner == owner else { return nil }
        let exec = attributes["execID"]
        var command = ""
        if way.1 == "exec" {
            // The engine writes a space between the program and its arguments even when there are none.
            command = String(event.action.dropFirst(way.0.count))
            if command.hasSuffix(" ") { command.removeLast() }
            if isOurs(container, exec: exec, command: command, mark, isLive: isLive) { return nil }
        } else if way.1 == "copy" {
            command = attributes["path"] ?? ""
        }
        return ObservedEntry(
            runtime: name, instance: mark.id, workload: mark.workload, kind: way.1,
            command: String(decoding: command.utf8.prefix(1000), as: UTF8.self),
            at: Instant(milliseconds: event.nanoseconds / 1_000_000),
            id: exec ?? "\(container.prefix(12))-\(event.nanoseconds)")
    }

    /// Whether a command is a probe of ours, a session that we opened, or the image's own health check.
    private func isOurs(_ container: String, exec: String?, command: String, _ mark: ContainerMark, isLive: Bool) -> Bool {
        // It begins only after we know its id.
        if let exec, ours.contains(exec) { return true }
        if known[container]?.healthcheck == command { return true }
        // Who ran it nobody knows any more; it is what is run there every few seconds anyway.
        if !isLive, case .command(let words)? = mark.health?.probe {
            return words.map { Placeholders.replaced($0, mark.placeholders) }.joined(separator: " ") == command
        }
        return false
    }
}
