import CurfewDrivers
import CurfewJournal
import CurfewModel
import Foundation
import Logging

/// Takes care of everybody who goes into an instance by the engine's own door: evidence of use under a live grant, an alert
/// and a fresh instance without one.
actor EntryKeeper {
    struct Parts: Sendable {
        var runtimes: [any EntryObserving]
        var journal: Journal
        var taints: Taints
        /// Notes an entry under the live grants that touch its workload; returns their names.
        var underGrant: @Sendable (ObservedEntry) async -> [Name]
        /// The loop has something to replace.
        var tainted: @Sendable (_ instance: InstanceID, _ alert: String) async -> Void
        var now: @Sendable () -> Instant
        var log: Logger
    }

    /// How far the history of a runtime has been read. Only reading moves it: what a broken stream did not tell is read.
    private struct Cursor: Codable {
        var at: Instant
        /// Entries that were taken care of lately, so that each is told once.
        var ids: [String] = []
    }

    /// Clocks differ, and an engine writes its history a moment later: so much is read again each time.
    private static let overlap = Span.seconds(5)
    private let parts: Parts
    private var cursors: [Name: Cursor] = [:]
    private var seen: [Name: Set<String>] = [:]

    init(_ parts: Parts) { self.parts = parts }

    /// Works until the task is cancelled or the runtimes are shut down.
    func run() async {
        await withDiscardingTaskGroup { group in
            for runtime in parts.runtimes {
                await recall(runtime.name)
                group.addTask { for await entry in runtime.entries { await self.take(entry) } }
                group.addTask {
                    while !Task.isCancelled {
                        let isRead = await self.read(runtime)
                        try? await Task.sleep(for: isRead ? .seconds(10) : .seconds(2))
                    }
                }
            }
            // Whoever runs this takes its end for the end of the service.
            group.addTask { while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) } }
        }
    }

    /// Where an earlier process ended; the first one begins now.
    private func recall(_ runtime: Name) async {
        let key = "entries/\(runtime)"
        let stored = (try? await parts.journal.facts(prefix: key))?[key]
        let cursor = stored.flatMap { FactCoder().decode(Cursor.self, from: $0) } ?? Cursor(at: parts.now())
        cursors[runtime] = cursor
        seen[runtime] = Set(cursor.ids)
    }

    /// Reads the engine's history since the last time; `false` when the engine did not answer.
    private func read(_ runtime: any EntryObserving) async -> Bool {
        let start = parts.now()
        // A clock that was set back must not make the future unreadable.
        let from = min(cursors[runtime.name]?.at ?? start, start)
        let since = Instant(milliseconds: from.milliseconds - Self.overlap.milliseconds)
        guard let entries = try? await runtime.entries(since: since) else { return false }
        for entry in entries { await take(entry) }
        cursors[runtime.name]?.at = start
        await remember(runtime.name)
        return true
    }

    private func remember(_ runtime: Name) async {
        guard let cursor = cursors[runtime] else { return }
        try? await parts.journal.setFact("entries/\(runtime)", FactCoder().encode(cursor))
    }

    private func take(_ entry: ObservedEntry) async {
        guard seen[entry.runtime, default: []].insert(entry.id).inserted else { return }
        // The history of an engine is a few hundred entries long.
        if seen[entry.runtime]?.count ?? 0 > 20_000 { seen[entry.runtime] = Set(cursors[entry.runtime]?.ids ?? []) }
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
            await parts.tainted(entry.instance, alert)
            await record("entry.alert", entry, alert, details)
        } else {
            let names = grants.map(\.rawValue).joined(separator: ", ")
            await record("entry.noted", entry, "\(entry.instance) was entered under \(names): \(what)", details)
        }
        let told = (cursors[entry.runtime]?.ids ?? []) + [entry.id]
        cursors[entry.runtime]?.ids = Array(told.suffix(512))
        await remember(entry.runtime)
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
