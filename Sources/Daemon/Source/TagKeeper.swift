import CurfewDesiredState
import CurfewDrivers
import CurfewJournal
import CurfewModel
import Foundation

/// Finds out what images by tag stand for: once for each version of a manifest, written down for good.
actor TagKeeper {
    /// How long nobody is asked again.
    private static let pause = Duration.seconds(25)
    /// What the keys of written facts begin with.
    static let prefix = "tag/"
    private let table: ImageTags
    private let runtimes: [Name: any Runtime]
    /// Where digests are written down; `nil` for a command that only looks.
    private let journal: Journal?
    private let clock: WallClock
    /// When the engines were asked for one that nobody could tell.
    private var failed: [ImageTag: ContinuousClock.Instant] = [:]
    private var asking: [ImageTag: Task<Void, Never>] = [:]
    private var notify: (@Sendable () async -> Void)?

    init(table: ImageTags, runtimes: [Name: any Runtime], journal: Journal?, clock: WallClock) {
        (self.table, self.runtimes, self.journal, self.clock) = (table, runtimes, journal, clock)
    }

    /// Called when an answer came after the wait was over.
    func onLateAnswer(_ call: @escaping @Sendable () async -> Void) { notify = call }

    /// Reads what earlier processes found out.
    static func recall(into table: ImageTags, from facts: [String: Data]) {
        for (key, data) in facts where key.hasPrefix(prefix) {
            let words = key.dropFirst(prefix.count).split(separator: "/", maxSplits: 2)
            guard words.count == 3, let runtime = Name(String(words[0])), let blob = ObjectID(String(words[1])),
                let image = FactCoder().decode(String.self, from: data)
            else { continue }
            table[ImageTag(runtime: runtime, reference: String(words[2]), blob: blob)] = .pinned(image)
        }
    }

    /// Asks for those that are not known, and waits a little; who takes longer is told by ``onLateAnswer(_:)``. Whether
    /// anything is known that was not known before.
    func resolve(_ tags: [ImageTag], within wait: Span) async -> Bool {
        var before: [ImageTag: ImageTags.State] = [:]
        for tag in tags {
            before[tag] = table[tag]
            if let last = failed[tag], ContinuousClock.now - last < Self.pause { continue }
            if asking[tag] == nil { asking[tag] = Task { await ask(tag) } }
        }
        let tasks = tags.compactMap { asking[$0] }
        let isDone = await bounded(wait) {
            for task in tasks { await task.value }
            return true
        }
        if isDone == nil, let notify {
            Task {
                for task in tasks { await task.value }
                await notify()
            }
        }
        return tags.contains { table[$0] != before[$0] }
    }

    private func ask(_ tag: ImageTag) async {
        defer { asking[tag] = nil }
        guard let runtime = runtimes[tag.runtime] as? any TagResolving else {
            return table[tag] = .failed("runtime \(tag.runtime) cannot tell")
        }
        do {
            let image = try await runtime.resolve(tag: tag.reference)
            if let journal {
                try await journal.setFact(
                    "\(Self.prefix)\(tag.runtime)/\(tag.blob.hex)/\(tag.reference)", FactCoder().encode(image))
                try await journal.append(
                    JournalEvent(
                        sequence: 0, at: clock.now, kind: "tag.resolved", workload: nil, revision: nil,
                        message: "\(tag.reference) is \(image) on runtime \(tag.runtime)",
                        details: ["reference": tag.reference, "image": image, "manifest": tag.blob.hex]))
            }
            (table[tag], failed[tag]) = (.pinned(image), nil)
        } catch { (table[tag], failed[tag]) = (.failed("\(error)"), .now) }
    }
}
