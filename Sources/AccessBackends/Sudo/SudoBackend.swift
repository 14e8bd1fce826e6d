public import CurfewDrivers
public import CurfewModel
import Foundation
import Glibc

/// How the sudo backend is set up.
public struct SudoBackendConfiguration: Sendable, Hashable {
    /// What roles call it.
    public var name: Name
    /// Where the drop-ins go.
    public var folder = "/etc/sudoers.d"
    /// Where it keeps what its evidence needs; absolute.
    public var stateFolder: String
    /// sudo's own log (`Defaults logfile`), for evidence of use.
    public var log: String?
    /// Hosts as sudoers names them.
    public var hosts = ["ALL"]
    /// What the drop-ins' names begin with.
    public var prefix = "curfew-"

    /// Makes a configuration with the documented defaults.
    public init(name: Name, stateFolder: String) { (self.name, self.stateFolder) = (name, stateFolder) }
}

/// Access by drop-ins of sudo: one file for each grant, with an end that sudo itself keeps to.
public actor SudoBackend: AccessBackend {
    private let executor = SerialQueueExecutor(label: "curfew.sudo")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public nonisolated let name: Name
    public nonisolated let capabilities: AccessCapabilities
    let configuration: SudoBackendConfiguration
    let now: @Sendable () -> Instant

    /// Nothing is touched before ``open()``.
    public init(configuration: SudoBackendConfiguration, now: @escaping @Sendable () -> Instant) {
        (self.configuration, self.now, name) = (configuration, now, configuration.name)
        capabilities = AccessCapabilities(
            selfExpiring: true, cutsSessions: true, tellsUse: configuration.log != nil,
            caveat:
                "a command that runs when Curfew is dead goes on until its TIMEOUT; who is root on the target can undo all of it"
        )
    }

    /// Makes the folder for evidence.
    public func open() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.stateFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw problem("make folder", configuration.stateFolder, "it cannot be made") }
    }

    public nonisolated func problems(with settings: [String: Setting], for person: Person) -> [String] {
        SudoRule.problems(settings, person)
    }

    public func give(_ order: AccessOrder) throws -> [Credential] {
        let problems = SudoRule.problems(order.settings, order.person)
        guard problems.isEmpty else { throw problem("give", "\(order.id)", problems.joined(separator: "; ")) }
        let moment = now()
        guard order.start <= moment, order.end > moment else {
            throw problem("give", "\(order.id)", "its time is from \(order.start.text) to \(order.end.text)")
        }
        var rule = SudoRule(order, hosts: configuration.hosts, now: moment)
        let path = file(order.id)
        if let there = SudoRule.read(path), there.id == order.id.description {
            // What is in place is never lengthened, and the same again is the same.
            guard rule.end < there.end else { return [credential(rule)] }
        }
        try SudoRecord(order, rule).write(to: configuration.stateFolder + "/\(order.id)")
        rule.start = order.start
        try install(rule.text, at: path)
        return [credential(rule)]
    }

    private func credential(_ rule: SudoRule) -> Credential {
        let text = "\(rule.account) may run until \(rule.end.text):\n" + rule.commands.map { "  sudo \($0)\n" }.joined()
        return Credential(
            file: "\(name)-sudo.txt", content: Array(text.utf8), isSecret: false, hint: "sudo \(rule.commands.first ?? "")")
    }

    func file(_ id: GrantID) -> String { "\(configuration.folder)/\(configuration.prefix)\(id)" }

    /// Puts a drop-in in place that `visudo` has checked. Its temporary name ends in `~`, so that sudo passes it by.
    private func install(_ text: String, at path: String) throws {
        let temporary = path + "~"
        unlink(temporary)
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o440)
        guard descriptor >= 0 else { throw problem("write", path, String(cString: strerror(errno))) }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isSafe = written == bytes.count && fchmod(descriptor, 0o440) == 0 && fsync(descriptor) == 0
        close(descriptor)
        defer { unlink(temporary) }
        guard isSafe else { throw problem("write", path, String(cString: strerror(errno))) }
        let (code, output) = try Visudo.check(temporary)
        guard code == 0 else {
            throw problem("check", path, "visudo refuses it: \(output.prefix(200).description.escapingControls)")
        }
        guard rename(temporary, path) == 0 else { throw problem("write", path, String(cString: strerror(errno))) }
        let folder = Glibc.open(configuration.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    public func end(_ ids: [GrantID]) async throws {
        var victims: [SudoRecord] = []
        for id in ids {
            if unlink(file(id)) != 0, errno != ENOENT { throw problem("remove", file(id), String(cString: strerror(errno))) }
            if let record = SudoRecord.read(configuration.stateFolder + "/\(id)") { victims.append(record) }
        }
        let others = rules().filter { rule in !ids.contains { $0.description == rule.id } }
        for record in victims {
            // Where another live grant of the same person allows the same, nobody can tell whose command it is.
            let shared = others.contains { $0.account == record.account && !Set($0.commands).isDisjoint(with: record.commands) }
            if !shared { RunningCommands.end(of: record) }
        }
        forgetOld()
    }

    private func forgetOld() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: configuration.stateFolder)) ?? [] {
            let path = configuration.stateFolder + "/" + name
            if let record = SudoRecord.read(path), record.end < now() + .seconds(-31 * 86_400) { unlink(path) }
        }
    }

    public func probe(_ ids: [GrantID]) throws -> [GrantID: AccessProbe] {
        var result: [GrantID: AccessProbe] = [:]
        for id in ids {
            let rule = SudoRule.read(file(id))
            let record = SudoRecord.read(configuration.stateFolder + "/\(id)")
            if let rule, rule.end > now() {
                result[id] = .alive("\(file(id)) is in place")
            } else if let record, rules().allSatisfy({ $0.account != record.account }), RunningCommands.any(of: record) {
                result[id] = .alive("a command of \(record.account) is running")
            } else {
                result[id] = .gone(rule == nil ? "the drop-in is removed" : "the drop-in's time is over")
            }
        }
        return result
    }

    /// The drop-ins of ours that can be read.
    func rules() -> [SudoRule] {
        names().filter { $0.hasPrefix(configuration.prefix) }.compactMap { SudoRule.read(configuration.folder + "/" + $0) }
    }

    private func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: configuration.folder)) ?? []).filter {
            !$0.contains(".") && !$0.hasSuffix("~")
        }.sorted()
    }

    public func observe() throws -> [ObservedAccess] {
        names().compactMap { name in
            let path = configuration.folder + "/" + name
            guard name.hasPrefix(configuration.prefix) else {
                guard Visudo.grantsSomething(path) else { return nil }
                return ObservedAccess(grant: nil, subject: path, end: nil, detail: "Curfew did not write it")
            }
            guard let rule = SudoRule.read(path), let id = rule.grant, name == configuration.prefix + rule.id,
                rule.isUntouched(path)
            else {
                return ObservedAccess(grant: nil, subject: path, end: nil, detail: "it is not as Curfew wrote it")
            }
            return ObservedAccess(grant: id, subject: path, end: rule.end, detail: rule.account)
        }
    }

    public func evidence(_ id: GrantID) throws -> AccessEvidence {
        guard let log = configuration.log, let record = SudoRecord.read(configuration.stateFolder + "/\(id)"),
            let lines = SudoLog.entries(log, of: record)
        else { return AccessEvidence(used: nil) }
        return AccessEvidence(used: !lines.isEmpty, lines: Array(lines.suffix(20)))
    }

    public func removeForeign(_ access: ObservedAccess) throws {
        let name = access.subject.split(separator: "/").last.map(String.init) ?? ""
        guard access.grant == nil, access.subject == configuration.folder + "/" + name, name.hasPrefix(configuration.prefix)
        else {
            throw DriverError(
                .unsupported, operation: "remove", subject: access.subject,
                "only files that wear Curfew's prefix are removed; remove this one by hand")
        }
        guard unlink(access.subject) == 0 || errno == ENOENT else {
            throw problem("remove", access.subject, String(cString: strerror(errno)))
        }
    }

    func problem(_ operation: String, _ subject: String, _ message: String) -> DriverError {
        DriverError(.failed, operation: operation, subject: subject, message)
    }
}
