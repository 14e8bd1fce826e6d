import CurfewJournal
import CurfewModel
import Foundation

/// After a kill: sessions that began and never ended. Their connections died with Curfew; what is left is to say so.
struct SessionRecovery: Sendable {
    let state: StateFolder
    let journal: Journal
    let events: SessionEvents
    let now: @Sendable () -> Instant
    private let queue = PrivateQueue("recordings")

    init(state: StateFolder, journal: Journal, events: SessionEvents, now: @escaping @Sendable () -> Instant) {
        (self.state, self.journal, self.events, self.now) = (state, journal, events, now)
    }

    /// Gives recordings that were left open their names, and writes an end for each session that has none.
    func run() async {
        let folder = state.recordings
        let closed =
            (try? await queue.run { () -> [String: Recording.Finished] in
                var closed: [String: Recording.Finished] = [:]
                for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".cast.part") {
                    let id = String(name.dropLast(".cast.part".count))
                    closed[id] = RecordingFile.close(part: "\(folder)/\(name)")
                }
                return closed
            }) ?? [:]
        let known = (try? await journal.last(10_000, kind: "session.")) ?? []
        let ended = Set(known.filter { $0.kind == "session.ended" }.compactMap { $0.details["recording"] })
        var started: [String: JournalEvent] = [:]
        for event in known where event.kind == "session.started" {
            if let id = event.details["recording"], !ended.contains(id) { started[id] = event }
        }
        for id in Set(closed.keys).subtracting(ended).union(started.keys).sorted() {
            await tell(id, started[id], await finished(id, closed[id]))
        }
    }

    private func finished(_ id: String, _ closed: Recording.Finished?) async -> Recording.Finished? {
        if let closed { return closed }
        let path = "\(state.recordings)/\(id).cast"
        return try? await queue.run { () -> Recording.Finished? in
            guard let digest = RecordingFile.digest(of: path) else { return nil }
            let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            return Recording.Finished(digest: digest, bytes: size)
        }
    }

    private func tell(_ id: String, _ start: JournalEvent?, _ recording: Recording.Finished?) async {
        var details = start?.details ?? [:]
        for key in ["command", "until", "terminal", "uid", "recordsInput"] { details[key] = nil }
        (details["recording"], details["why"]) = (id, "cut: Curfew died")
        (details["sha256"], details["recordingBytes"]) = (recording?.digest, recording.map { "\($0.bytes)" })
        if recording == nil { details["problems"] = "the recording is lost" }
        let who =
            details["person"].map { "\($0) was cut off from \(details["instance"] ?? "?")" } ?? "session \(id) was cut off"
        await events.append(
            JournalEvent(
                at: now(), kind: "session.ended", workload: start?.workload, message: "\(who): Curfew died", details: details))
    }
}
