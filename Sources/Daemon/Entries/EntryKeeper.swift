import CurfewDrivers
import CurfewJournal
import CurfewModel
import Foundation
import Logging

/// Takes care of everybody who goes into an instance by the engine's own door: evidence of use under a live grant, an alert
/// and a fresh instance without one.
actor EntryKeeper {
    struct Parts: Sendable {
        var runtimes: [any InteractiveRuntime]
        var journal: Journal
        var taints: Taints
        /// Notes an entry under the live grants that touch its workload; returns their names.
        var underGrant: @Sendable (ObservedEntry) async -> [Name]
        /// The loop has something to replace.
        var tainted: @Sendable (_ instance: InstanceID, _ alert: String) async -> Void
        var now: @Sendable () -> Instant
        var log: Logger
    }

    /// How far the entries of a runtime have been taken care of.
    private struct Cursor: Codable {
        var at: Instant
        /// Those of the very last moment.
        var ids: [String]
    }

    private let parts: Parts
    private var cursors: [Name: Cursor] = [:]
    private var seen: Set<String> = []

    init(_ parts: Parts) { self.parts = parts }

    /// Works until the task is cancelled or the runtimes are shut down.
    func run() async {
        await withDiscardingTaskGroup { group in
            for runtime in parts.runtimes {
                group.addTask { for await entry in runtime.entries { await self.take(entry) } }
                group.addTask { await self.catchUp(runtime) }
            }
            // Whoever runs this takes its end for the end of the service.
            group.addTask { while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) } }
        }
    }

    /// What happened while nobody watched, as far as the engine still knows; then remembers now and then that somebody does.
    private func catchUp(_ runtime: any InteractiveRuntime) async {
        let key = "entries/\(runtime.name)"
        let stored = (try? await parts.journal.facts(prefix: key))?[key]
        if let cursor = stored.flatMap({ FactCoder().decode(Cursor.self, from: $0) }) {
            seen.formUnion(cursor.ids)
            var isDone = false
            while !isDone, !Task.isCancelled {
                do {
                    for entry in try await runtime.entries(since: cursor.at) { await take(entry) }
                    isDone = true
                } catch { try? await Task.sleep(for: .seconds(2)) }
            }
        }
        while !Task.isCancelled {
            await remember(runtime.name, at: parts.now(), id: nil)
            try? await Task.sleep(for: .seconds(10))
        }
    }

    private func remember(_ runtime: Name, at: Instant, id: String?) async {
        var cursor = cursors[runtime] ?? Cursor(at: at, ids: [])
        if at > cursor.at { cursor = Cursor(at: at, ids: []) }
        if let id { cursor.ids = Array((cursor.ids + [id]).suffix(64)) }
        cursors[runtime] = cursor
        try? await parts.journal.setFact("entries/\(runtime)", FactCoder().encode(cursor))
    }

    private func take(_ entry: ObservedEntry) async {
        guard seen.insert("\(entry.runtime)/\(entry.id)").inserted, seen.insert(entry.id).inserted else { return }
        if seen.count > 50_000 { seen = [entry.id] }
        let what = Self.words(for: entry)
        let details = [
            "instance": entry.instance.rawValue, "kind": entry.kind, "command": entry.command.escapingControls,
            "who": entry.who?.escapingControls ?? "the engine does not say",
        ]
        let grants = await parts.underGrant(entry)
        if grants.isEmpty {
            let alert = "\(entry.instance) was entered with no live grant: \(what); it is replaced"
            do {
                try await parts.taints.add(instance: entry.instance, because: "entered with no live grant: \(what)")
            } catch { parts.log.error("the taint of \(entry.instance) cannot be written: \(error)") }
            parts.log.critical("\(alert)")
            await parts.tainted(entry.instance, alert)
            await record("entry.alert", entry, alert, details)
        } else {
            let names = grants.map(\.rawValue).joined(separator: ", ")
            await record("entry.noted", entry, "\(entry.instance) was entered under \(names): \(what)", details)
        }
        await remember(entry.runtime, at: entry.at, id: entry.id)
    }

    /// `exec 'sh -c id' at 12:00:01Z, by whom the engine does not say`.
    static func words(for entry: ObservedEntry) -> String {
        let command = entry.command.isEmpty ? "" : " '\(String(entry.command.prefix(200)).escapingControls)'"
        let who = entry.who.map { "by \($0.escapingControls)" } ?? "by whom the engine does not say"
        return "\(entry.kind)\(command) at \(entry.at.text), \(who)"
    }

    private func record(_ kind: String, _ entry: ObservedEntry, _ message: String, _ details: [String: String]) async {
        do {
            try await parts.journal.append(
                JournalEvent(
                    sequence: 0, at: parts.now(), kind: kind, workload: entry.workload, revision: nil, message: message,
                    details: details))
        } catch { parts.log.error("the journal cannot be written: \(error); not recorded: \(message)") }
    }
}
