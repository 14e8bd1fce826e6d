public import CurfewDrivers
import CurfewModel
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
        unlink(temporary)
        defer { unlink(temporary) }
        guard Files.create(temporary, Array(dropIn.text.utf8), mode: DropInFile.mode, isDurable: true) else {
            throw failure("write", temporary, Files.reason())
        }
        if let refusal = try await Visudo.refusal(of: temporary) {
            throw failure("check", path(order.id), "visudo refuses it: \(refusal)")
        }
        try place(temporary, dropIn, order)
        return [credential(dropIn)]
    }

    /// The last look and the rename, with no suspension in between: what was ended meanwhile does not come back.
    private func place(_ temporary: String, _ dropIn: DropIn, _ order: AccessOrder) throws {
        guard !overtaken.contains(order.id) else { throw failure("give", "\(order.id)", "it was ended meanwhile") }
        guard now() < dropIn.end else { throw failure("give", "\(order.id)", "its end has come meanwhile") }
        if case .ours(let there) = DropInFile.read(path(order.id)), there.grant == order.id, there.end < dropIn.end {
            throw failure("give", "\(order.id)", "an earlier end was given meanwhile; nothing is lengthened")
        }
        // Before the rename: a kill in between leaves a trace of nothing. A trace that cannot be kept costs evidence only.
        try? traces.write(trace(of: dropIn), isDurable: true)
        guard rename(temporary, path(order.id)) == 0 else { throw failure("write", path(order.id), Files.reason()) }
        Files.sync(folder: configuration.folder)
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
        guard there.end <= wanted.end, there.timeout <= wanted.longestTimeout else { return nil }
        var same = wanted
        (same.end, same.timeout, same.longestTimeout) = (there.end, there.timeout, there.longestTimeout)
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
        let moment = now()
        guard order.start <= moment else {
            throw failure("give", "\(order.id)", "it begins at \(order.start.text) and is not put in place before")
        }
        var end = order.end
        var placed = BootMoment.now()
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
            start: order.start.wholeSecond, end: end, timeout: min(longest, max(1, (end - moment).milliseconds / 1000)),
            needsPassword: !settings.noPassword, commands: settings.commands, placed: placed, longestTimeout: longest)
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
