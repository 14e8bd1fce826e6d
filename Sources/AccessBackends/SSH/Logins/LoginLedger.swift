import CurfewModel
import CurfewSystem
import Glibc

/// What is known of logins: each with whether it is beyond doubt, and which connection it is.
struct LoginLedger: Sendable {
    /// How much a login is worth.
    enum Standing: Sendable, Hashable {
        /// It may still be found among the connections.
        case pending
        /// sshd alone can have written it, or its connection was seen.
        case verified
        /// Its connection was seen, and another line claims that connection too.
        case disputed
        /// Anybody may have written it.
        case unverified
    }

    struct Entry: Sendable {
        var login: Login
        var standing: Standing
        /// Its connection, when that was seen.
        var session: LiveSession?
    }

    private(set) var entries: [Entry] = []
    /// Lines that nobody can tell the meaning of, at most 100.
    private(set) var unclear: [(text: String, found: BootTime)] = []
    /// When something may have been missed.
    private(set) var gaps: [BootTime] = []
    private static let most = 4000
    /// Longest time from a connection to its login: sshd's `LoginGraceTime` and as much again.
    private static let grace: UInt64 = 300

    // MARK: What the log says

    mutating func add(_ login: Login, isTrusted: Bool) {
        let standing: Standing =
            login.origin == .journal || (login.origin == .own && isTrusted && !login.isSuspect) ? .verified : .pending
        entries.append(Entry(login: login, standing: standing))
        if entries.count > Self.most { entries.removeFirst(entries.count - Self.most) }
    }

    mutating func addUnclear(_ line: String, found: BootTime) {
        unclear.append((line.prefix(300).description.escapingControls, found))
        if unclear.count > 100 { unclear.removeFirst() }
    }

    mutating func addGap(_ moment: BootTime) {
        gaps.append(moment)
        if gaps.count > 100 { gaps.removeFirst() }
    }

    /// Whether somebody has to look at the connections.
    var needsSessions: Bool { entries.contains { $0.session == nil && $0.standing != .unverified } }

    // MARK: What the connections say

    /// Looks for the connections of logins. What was found once stays: a line that claims the same connection later is false.
    mutating func match(_ sessions: [LiveSession], at now: BootTime, user: (String) -> uid_t? = Accounts.user) {
        for index in entries.indices where entries[index].session == nil && entries[index].standing != .unverified {
            let login = entries[index].login
            if let session = sessions.first(where: { fits(login, $0, user) }) {
                entries[index].session = session
                if login.origin != .journal { entries[index].standing = isDisputed(index, session) ? .disputed : .verified }
            } else if entries[index].standing == .pending, isOver(login, now) {
                entries[index].standing = .unverified
            }
        }
        // What runs below a connection comes and goes.
        for index in entries.indices {
            guard let known = entries[index].session, let seen = sessions.first(where: { $0.process == known.process }) else {
                continue
            }
            entries[index].session?.audit.formUnion(seen.audit)
            entries[index].session?.scopes.formUnion(seen.scopes)
        }
    }

    private func fits(_ login: Login, _ session: LiveSession, _ user: (String) -> uid_t?) -> Bool {
        guard session.endpoints.contains(login.endpoint), session.process.started <= login.found.ticks,
            login.pid == nil || login.pid == session.process.pid,
            let user = user(login.user), session.users.contains(user)
        else { return false }
        // A line that came long after its connection was not written by that connection's login.
        guard let after = login.after else { return true }
        return after.ticks <= session.process.started + Self.grace * BootTime.perSecond
    }

    private func isDisputed(_ index: Int, _ session: LiveSession) -> Bool {
        let login = entries[index].login
        return entries.indices.contains { other in
            let rival = entries[other].login
            guard other != index, session.endpoints.contains(rival.endpoint), session.process.started <= rival.found.ticks,
                rival.pid == nil || login.pid == nil || rival.pid == login.pid
            else { return false }
            return rival.user != login.user || rival.certificate != login.certificate
        }
    }

    /// A login whose connection does not show up within 10 s is over, or never was.
    private func isOver(_ login: Login, _ now: BootTime) -> Bool {
        login.found.boot != now.boot || login.found.ticks + 10 * BootTime.perSecond < now.ticks
    }

    // MARK: Answers

    /// The logins that claim to be by the certificate of this grant.
    func entries(of id: GrantID) -> [Entry] {
        entries.filter { $0.login.certificate.map { $0.serial == id.serial && $0.identity == "curfew:\(id)" } ?? false }
    }

    /// Lines that may be about this grant, by its id or the accounts that it opens.
    func unclear(about id: GrantID, accounts: [String], since: BootTime?) -> [String] {
        unclear.filter { line in
            if let since, since.boot == line.found.boot, line.found.ticks < since.ticks { return false }
            return line.text.contains("curfew:\(id)") || accounts.contains { line.text.contains(" \($0) ") }
        }.map(\.text)
    }

    /// Whether something may have been missed since then.
    func hasGap(since: BootTime?) -> Bool {
        guard let since else { return !gaps.isEmpty }
        return gaps.contains { $0.boot != since.boot || $0.ticks >= since.ticks }
    }

    /// Forgets the logins of grants that are long over.
    mutating func forget(_ ids: [GrantID]) {
        let serials = Set(ids.map(\.serial))
        entries.removeAll { $0.login.certificate.map { serials.contains($0.serial) } ?? false }
    }
}
