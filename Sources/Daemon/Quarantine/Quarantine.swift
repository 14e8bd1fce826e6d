import CProcess
import CurfewModel
import Foundation
import Glibc
import Synchronization

/// What ended this process is set aside by the next one, and everything else goes on.
///
/// - A fault of its own (a trap, a bad access, an abort) sets aside all that was in hand, at once.
/// - An end from outside (SIGKILL, no memory, no power) says little about what was in hand: it is set aside when that happened
///   three times in a row, and tried again by itself after an hour.
/// - What is set aside stays so until its bytes change, or until somebody asks for it to be tried again.
final class Quarantine: ContentGuard {
    struct Hold: Codable, Sendable, Equatable {
        var content: ContentKey
        var stage: String
        var since: Instant
        /// When it is tried again by itself; `nil` = never.
        var until: Instant?
        var cause: String

        var reason: String {
            let release = until.map { "until \($0.text)" } ?? "until it changes"
            return
                "Curfew \(cause) while \(content) was \(stage); it is set aside \(release), or until `curfew retry \(content.name)`"
        }
    }
    private struct Kept: Codable, Equatable {
        var holds: [Hold] = []
        /// How many times in a row the process was ended from outside with this in hand.
        var suspects: [Suspect] = []
        struct Suspect: Codable, Equatable {
            var crumb: Breadcrumbs.Crumb
            var count: Int
        }
    }
    private struct State {
        var crumbs: Breadcrumbs?
        var kept = Kept()
        /// What was worked on already, by this process: not noted again.
        var known: Set<Breadcrumbs.Crumb> = []
        var open: [Breadcrumbs.Crumb: Int] = [:]
    }

    static let patience = 3
    static let pause = Span.seconds(3600)
    /// Most holds and most known pieces that are kept.
    private static let limit = 1000
    private let path: String
    private let state = Mutex(State())
    private let now: @Sendable () -> Instant
    /// Of tests: what is to fault when it is worked on, as `kind:name`. Set by whoever starts the process, by nobody else.
    private let trap: String?

    /// - Parameter folder: Curfew's own; this process is its owner.
    init(
        folder: String, trap: String? = ProcessInfo.processInfo.environment["CURFEW_TEST_TRAP"],
        now: @escaping @Sendable () -> Instant
    ) {
        (path, self.now, self.trap) = (folder + "/quarantine.json", now, trap)
        let crumbs = Breadcrumbs(path: folder + "/breadcrumbs")
        let (data, moment) = (FileManager.default.contents(atPath: path), now())
        state.withLock { state in
            state.crumbs = crumbs
            if let data, let kept = try? JSONDecoder().decode(Kept.self, from: data) { state.kept = kept }
            Self.take(crumbs?.begin() ?? .init(), into: &state.kept, now: moment)
        }
        save()
    }

    /// What the end of the process before this one says.
    private static func take(_ remains: Breadcrumbs.Remains, into kept: inout Kept, now: Instant) {
        kept.holds.removeAll { $0.until.map { $0 <= now } ?? false }
        let before = Dictionary(kept.suspects.map { ($0.crumb, $0.count) }) { max($0, $1) }
        kept.suspects = []
        for crumb in remains.inHand where !kept.holds.contains(where: { $0.content == crumb.content }) {
            let count = (before[crumb] ?? 0) + 1
            if remains.fault != 0 {
                kept.holds.append(
                    Hold(
                        content: crumb.content, stage: crumb.stage, since: now, until: nil,
                        cause: "crashed (signal \(remains.fault))"))
            } else if count >= patience {
                kept.holds.append(
                    Hold(
                        content: crumb.content, stage: crumb.stage, since: now, until: now + pause,
                        cause: "was ended from outside \(count) times"))
            } else {
                kept.suspects.append(.init(crumb: crumb, count: count))
            }
        }
        kept.holds = Array(kept.holds.suffix(limit))
    }

    /// Everything that is set aside.
    var holds: [Hold] { state.withLock { $0.kept.holds } }

    func reason(_ content: ContentKey) -> String? {
        let moment = now()
        return state.withLock { state in
            state.kept.holds.first { $0.content == content && ($0.until.map { moment < $0 } ?? true) }?.reason
        }
    }

    func begin(_ content: ContentKey, stage: String) -> String? {
        if let why = reason(content) { return why }
        let crumb = Breadcrumbs.Crumb(content: content, stage: stage)
        state.withLock { state in
            guard !state.known.contains(crumb) else { return }
            state.open[crumb, default: 0] += 1
            if state.open[crumb] == 1 { state.crumbs?.set(crumb) }
        }
        if let trap, trap == "\(content.kind.rawValue):\(content.name)" { curfew_trap() }
        return nil
    }

    func end(_ content: ContentKey, stage: String) {
        let crumb = Breadcrumbs.Crumb(content: content, stage: stage)
        let wasSuspect = state.withLock { state -> Bool in
            guard let count = state.open[crumb] else { return false }
            state.open[crumb] = count > 1 ? count - 1 : nil
            if count == 1 {
                state.crumbs?.clear(crumb)
                if state.known.count >= 50 * Self.limit { state.known = [] }
                state.known.insert(crumb)
            }
            let before = state.kept.suspects.count
            state.kept.suspects.removeAll { $0.crumb == crumb }
            return state.kept.suspects.count != before
        }
        if wasSuspect { save() }
    }

    /// Somebody asks for everything of this name to be tried again.
    /// - Returns: what was set aside.
    @discardableResult
    func release(_ name: String) -> [Hold] {
        let released = state.withLock { state in
            let found = state.kept.holds.filter { $0.content.name == name }
            state.kept.holds.removeAll { $0.content.name == name }
            return found
        }
        if !released.isEmpty { save() }
        return released
    }

    /// The process ends in order.
    func close() { state.withLock { $0.crumbs?.end() } }

    private func save() {
        let kept = state.withLock { $0.kept }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        if kept == Kept() { unlink(path) } else if let data = try? encoder.encode(kept) { try? writeState(data, to: path) }
    }
}
