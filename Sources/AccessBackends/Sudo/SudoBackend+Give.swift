public import CurfewDrivers
import CurfewModel
import CurfewSystem
import Glibc

extension SudoBackend {
    /// Puts the grant's drop-in in place. An earlier end that was given before stays the end.
    /// - Throws: ``DriverError`` before the start, after the end, for settings with ``problems(with:for:)`` and when
    ///   `visudo` refuses the file; nothing is left behind then.
    public func give(_ order: AccessOrder) async throws -> [Credential] {
        givings[order.id, default: 0] += 1
        defer { leave(order.id) }
        if let there = try standing(order) { return [credential(there)] }
        let dropIn = try wanted(order)
        counter += 1
        // sudo skips names that end in `~`.
        let temporary = "\(path(order.id))-\(counter)~"
        let bytes = Array(dropIn.text.utf8)
        defer { try? DropInFile.remove(temporary) }
        try AtomicFile.write(
            bytes, to: temporary, mode: DropInFile.mode, owner: owner, isDurable: false, replacing: .marked(DropIn.isMarked))
        if let refusal = try await Visudo.refusal(of: temporary) {
            throw failure("check", path(order.id), "visudo refuses it: \(refusal)")
        }
        try place(bytes, dropIn, order)
        return [credential(dropIn)]
    }

    /// Whose the drop-ins are; tests without root have their own.
    private var owner: (user: uid_t, group: gid_t)? { geteuid() == 0 ? (0, 0) : nil }

    /// The last look and the write, with no suspension in between: what was ended meanwhile does not come back.
    private func place(_ bytes: [UInt8], _ dropIn: DropIn, _ order: AccessOrder) throws {
        guard !overtaken.contains(order.id) else { throw failure("give", "\(order.id)", "it was ended meanwhile") }
        guard now() < dropIn.end else { throw failure("give", "\(order.id)", "its end has come meanwhile") }
        if case .ours(let there) = DropInFile.read(path(order.id)), there.grant == order.id, there.end < dropIn.end {
            throw failure("give", "\(order.id)", "an earlier end was given meanwhile; nothing is lengthened")
        }
        // A program may have been replaced since it was judged.
        let problems = HostCheck.problems(dropIn.account, dropIn.commands, dropIn.runAs)
        guard problems.isEmpty else { throw failure("give", "\(order.id)", problems.joined(separator: "; ")) }
        // Before the write: a kill in between leaves a trace of nothing. A trace that cannot be kept costs evidence only.
        try? traces.write(trace(of: dropIn), isDurable: true)
        try AtomicFile.write(
            bytes, to: path(order.id), mode: DropInFile.mode, owner: owner, replacing: .marked(DropIn.isMarked))
    }

    private func leave(_ id: GrantID) {
        guard let count = givings[id], count > 1 else {
            givings[id] = nil
            overtaken.remove(id)
            return
        }
        givings[id] = count - 1
    }

    /// What is in place already, when it is what the order asks for.
    private func standing(_ order: AccessOrder) throws -> DropIn? {
        guard case .ours(let there) = DropInFile.read(path(order.id)) else { return nil }
        guard there.grant == order.id else {
            throw failure("give", "\(order.id)", "\(path(order.id)) belongs to another grant whose id begins alike")
        }
        let wanted = try wanted(order)
        guard there.end <= wanted.end, there.timeout <= wanted.timeout else { return nil }
        var same = wanted
        (same.end, same.timeout) = (there.end, there.timeout)
        (same.placed, same.start) = (there.placed, there.start)
        return same == there ? there : nil
    }

    /// The drop-in that the order asks for, at this moment.
    private func wanted(_ order: AccessOrder) throws -> DropIn {
        let (settings, problems) = RuleSettings.read(order.settings, for: order.person)
        guard let settings, problems.isEmpty else { throw failure("give", "\(order.id)", problems.joined(separator: "; ")) }
        guard Accounts.user(of: settings.account) != 0 else {
            throw failure("give", "\(order.id)", "account '\(settings.account)' is root under another name")
        }
        let missing = HostCheck.problems(settings.account, settings.commands, settings.runAs)
        guard missing.isEmpty else { throw failure("give", "\(order.id)", missing.joined(separator: "; ")) }
        let moment = now()
        guard order.start <= moment else {
            throw failure("give", "\(order.id)", "it begins at \(order.start.text) and is not put in place before")
        }
        var end = order.end
        var placed = BootTime.now()
        if let trace = traces.read(order.id) {
            end = min(end, trace.end)
            if trace.removed == nil { placed = trace.placed }
        }
        if case .ours(let there) = DropInFile.read(path(order.id)), there.grant == order.id {
            end = min(end, there.end)
            placed = there.placed
        }
        end = end.wholeSecond
        guard moment < end, end.isInCalendar else { throw failure("give", "\(order.id)", "its end, \(end.text), is over") }
        let length = max(1, (order.end - order.start).milliseconds / 1000)
        let longest = settings.timeout ?? length
        return DropIn(
            grant: order.id, account: settings.account, hosts: configuration.hosts, runAs: settings.runAs,
            start: order.start.wholeSecond, end: end, timeout: longest, needsPassword: !settings.noPassword,
            commands: settings.commands, placed: placed)
    }

    private func trace(of dropIn: DropIn) -> Trace {
        var trace = Trace(dropIn)
        let before = traces.read(dropIn.grant)
        // What was logged from the first time on counts.
        if let before { trace.logStart = before.logStart } else { trace.logStart = configuration.log.flatMap { LogMark($0) } }
        return trace
    }

    private func credential(_ dropIn: DropIn) -> Credential {
        let user = dropIn.runAs == "root" ? "" : "-u \(dropIn.runAs) "
        let lines = dropIn.commands.map { "  sudo \(user)\($0.isAll ? "…" : $0.text)\n" }.joined()
        return Credential(
            file: "\(name)-sudo.txt",
            content: Array("Until \(dropIn.end.text), as \(dropIn.account):\n\(lines)".utf8), isSecret: false,
            hint: "as \(dropIn.account): sudo \(user)\(dropIn.commands.first.map { $0.isAll ? "…" : $0.text } ?? "")")
    }
}
