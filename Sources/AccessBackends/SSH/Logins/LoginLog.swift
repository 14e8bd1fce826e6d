import CurfewModel
import CurfewSystem
import Glibc

/// sshd's log, read on and on: a file or the system's journal.
struct LoginLog: Sendable {
    private enum Source: Sendable {
        case file(LogTail)
        case journal(JournalReader)
    }

    private var source: Source
    private let place: String
    private(set) var ledger = LoginLedger()
    private var lastPoll: BootTime?
    /// How many bytes of sshd's own file may still be a stranger's: a message has at most 1024 (`MSGBUFSIZ`).
    private var suspectBytes = 0
    /// A line of a syslog daemon was in the file, so that it is not sshd's own.
    private var isMixed = false
    private var failure: String?
    private static let longestMessage = 1024

    /// - Parameter place: a file's path, or `journald`.
    init(_ place: String, journalctl: String = "journalctl") {
        self.place = place
        source = place == Self.journal ? .journal(JournalReader(program: journalctl)) : .file(LogTail(path: place))
    }

    static let journal = "journald"

    /// Why what the log says is not to be trusted by itself; `nil` when it is.
    static func problem(_ place: String) -> String? { place == journal ? nil : TrustedPath.problem(place, as: .file) }

    /// What is wrong with it just now.
    var problem: String? {
        failure ?? Self.problem(place).map { "authLog: \($0); until then no line of it counts that no live session confirms" }
    }

    /// Whether it can be polled often: to ask the journal is a program's start.
    var isCheap: Bool { if case .file = source { true } else { false } }

    /// Reads what is new and looks for its connections. `false` when it cannot be read.
    mutating func refresh() -> Bool {
        let now = BootTime.now()
        let isRead = readNew(now)
        if !isRead { ledger.addGap(now) }
        if ledger.needsSessions { ledger.match(LiveSession.all(in: Processes.all()), at: now) }
        lastPoll = now
        return isRead
    }

    private mutating func readNew(_ now: BootTime) -> Bool {
        switch source {
        case .file(var tail):
            let part = tail.next()
            source = .file(tail)
            failure = part == nil ? "authLog \(place.escapingControls) cannot be read; use is not known" : nil
            guard let part else { return false }
            if part.hasGap { ledger.addGap(now) }
            if part.lines.contains(where: LogLine.hasPrefix) { isMixed = true }
            let isTrusted = !isMixed && Self.problem(place) == nil
            for line in part.lines { take(line, now, isTrusted) }
            return true
        case .journal(var journal):
            defer { source = .journal(journal) }
            do {
                let (messages, hasGap) = try journal.next()
                if hasGap { ledger.addGap(now) }
                for message in messages { take(message, now) }
                failure = nil
                return true
            } catch {
                failure = "the journal cannot be read, so that use is not known: \(error)"
                return false
            }
        }
    }

    private mutating func take(_ line: String, _ now: BootTime, _ isTrusted: Bool) {
        let isSuspect = suspectBytes > 0
        suspectBytes = max(0, suspectBytes - line.utf8.count - 1)
        var isPlain = true
        switch LogLine(line) {
        case .login(var login):
            (login.isSuspect, login.after, login.found) = (isSuspect, lastPoll, now)
            // A key id of an authority that is not Curfew's may hold anything.
            isPlain = login.certificate != nil || !line.contains(" ID ")
            ledger.add(login, isTrusted: isTrusted)
        case .unclear:
            isPlain = false
            ledger.addUnclear(line, found: now)
        case .plain: break
        case .other: isPlain = false
        }
        if !isPlain, !LogLine.hasPrefix(line) { suspectBytes = max(suspectBytes, Self.longestMessage - line.utf8.count) }
    }

    private mutating func take(_ message: JournalReader.Message, _ now: BootTime) {
        switch LogLine(message: message.text[...]) {
        case .login(var login):
            (login.origin, login.pid, login.time) = (.journal, message.pid, message.time)
            (login.after, login.found) = (lastPoll, now)
            ledger.add(login, isTrusted: true)
        case .unclear: ledger.addUnclear(message.text, found: now)
        case .plain, .other: break
        }
    }

    mutating func forget(_ ids: [GrantID]) { ledger.forget(ids) }
}
