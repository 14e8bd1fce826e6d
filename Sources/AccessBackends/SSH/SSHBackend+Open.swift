import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

extension SSHBackend {
    /// Reads what was issued, and makes sure that there is a revocation list: without one sshd refuses everybody. What the
    /// list in place revokes stays revoked, also when the records of it are lost. Asks no agent.
    /// - Throws: ``DriverError`` when the authority's key was never known, when the folder cannot be written, and when
    ///   somebody else's file is where the list goes.
    public func open() throws {
        let isKnown = access(issuedFolder, F_OK) == 0
        for folder in [configuration.folder, issuedFolder] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
            } catch { throw keygen.failure("make folder", folder, "it cannot be made") }
        }
        keygen.clearScratch()
        let parent = configuration.krl.lastIndex(of: "/").map { String(configuration.krl[..<$0]) } ?? ""
        try? FileManager.default.createDirectory(
            atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try principals?.prepare()
        (list.fingerprint, authorityProblem) = try keygen.prepare()
        try list.claim(isKnown: isKnown)
        let revoked = try list.read()?.serials ?? []
        issued = readIssued()
        // A kill between the list and the record's own mark leaves only the list to tell.
        for (id, record) in issued where !record.isRevoked && revoked.contains(id.serial) { issued[id]?.isRevoked = true }
        adopted = readAdopted()
        try adopt(revoked)
        try revoke()
        repair()
        repairs = []
        _ = pollLog()
        watch()
    }

    var issuedFolder: String { configuration.folder + "/issued" }
    private var adoptedFile: String { configuration.folder + "/adopted" }

    private func readIssued() -> [GrantID: IssuedCertificate] {
        var issued: [GrantID: IssuedCertificate] = [:]
        for name in PlainFile.names(in: issuedFolder) ?? [] {
            guard let record = IssuedCertificate.read(issuedFolder + "/" + name), record.id.description == name else {
                continue
            }
            issued[record.id] = record
        }
        return issued
    }

    // MARK: Serials without a record

    /// Keeps serials revoked that no record explains, for the 31 days that a grant may last at most.
    func adopt(_ serials: some Sequence<UInt64>) throws {
        let known = Set(issued.values.filter(\.isRevoked).map(\.id.serial))
        let moment = now()
        let limit = moment + .seconds(-31 * 86_400)
        var next = adopted.filter { $0.value > limit }
        for serial in serials where !known.contains(serial) && adopted[serial] == nil { next[serial] = moment }
        guard next != adopted else { return }
        let text = next.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.milliseconds)\n" }.joined()
        try AtomicFile.write(Array(text.utf8), to: adoptedFile)
        adopted = next
    }

    private func readAdopted() -> [UInt64: Instant] {
        var result: [UInt64: Instant] = [:]
        let bytes = (try? PlainFile.read(adoptedFile, limit: 16 << 20)) ?? nil
        for line in String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let serial = UInt64(words[0]), let moment = Int64(words[1]) else { continue }
            result[serial] = Instant(milliseconds: moment)
        }
        return result
    }
}
