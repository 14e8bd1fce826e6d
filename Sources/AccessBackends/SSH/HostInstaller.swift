import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation

/// Puts a bundle in place on a host. Everything in it is checked first: a bad one changes nothing. Files that Curfew did not
/// write are never written over, and no certificate authority is ever taken from a bundle.
public enum HostInstaller {
    /// Versions of Curfew's lists are milliseconds since 1970; those that people number themselves are not.
    private static let leastVersion: Int64 = 1_000_000_000_000
    private static let listLimit = 16 << 20
    private static let principalsLimit = 1 << 20

    /// Installs a bundle. The same one again changes nothing.
    /// - Parameters:
    ///   - krl: the file that sshd's `RevokedKeys` names; replaced by a rename, mode 0644.
    ///   - authority: the fingerprint of the authority that this host trusts; a list for another one is refused. `nil` = not
    ///     known.
    ///   - principals: the folder of `AuthorizedPrincipalsFile <folder>/%u`; `nil` = left alone.
    ///   - minimumVersion: the least version that is taken, such as the last one that was seen.
    /// - Throws: ``DriverError`` when the bundle is older than what is installed or than `minimumVersion`, when anything in
    ///   it is not of the expected form, or when a file cannot be written, as one that is not Curfew's.
    /// Blocks: call it off the cooperative pool.
    public static func install(
        _ bundle: HostBundle, krl: String, authority: String?, principals: String?, minimumVersion: Int64
    ) throws {
        for path in [krl, principals].compactMap({ $0 }) where !path.hasPrefix("/") {
            throw problem(path, "give an absolute path")
        }
        guard isFingerprint(bundle.authority), authority.map({ $0 == bundle.authority }) ?? true else {
            throw problem(
                krl,
                "the revocation list is for the authority \(bundle.authority.prefix(60).description.escapingControls), and this host trusts \(authority ?? "none")"
            )
        }
        try checkPrincipals(bundle.principals)
        let inPlace = try read(krl, listLimit)
        let installed = inPlace.flatMap { RevocationHeader.version(of: $0) }
        let least = max(minimumVersion, installed ?? .min)
        guard bundle.version >= least else {
            throw problem(
                krl, "version \(bundle.version) of the revocation list is older than \(least), which was seen already")
        }
        try checkList(bundle, krl)

        // The list first: it takes away. Then the lines, which take away and give.
        if inPlace != bundle.krl { try write(bundle.krl, krl, isOurs: isOurList) }
        if let principals { try installPrincipals(bundle.principals, principals) }
    }

    private static func isFingerprint(_ text: String) -> Bool {
        text.hasPrefix("SHA256:") && text.utf8.count == 50
            && text.utf8.dropFirst(7).allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2B
                    || $0 == 0x2F
            }
    }

    private static func checkPrincipals(_ files: [String: String]) throws {
        guard files.count <= 10_000 else { throw problem("principals", "the bundle names more than 10000 accounts") }
        for (account, text) in files {
            guard CertificateOrder.isPrincipal(account) else {
                throw problem(account.prefix(40).description.escapingControls, "it is no name of an account")
            }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard text.utf8.count <= principalsLimit, lines.first.map({ $0 == PrincipalsFolder.marker }) ?? false,
                lines.last == "", lines.dropFirst().dropLast().allSatisfy({ PrincipalsFolder.isOurs($0) })
            else { throw problem(account, "its principals file holds a line that is not of the form that Curfew writes") }
        }
    }

    /// A list that sshd cannot read would lock everybody out: `ssh-keygen` has to read it first. It has to be of the authority
    /// that it says it is for, if it revokes anything of any.
    private static func checkList(_ bundle: HostBundle, _ krl: String) throws {
        guard bundle.krl.count <= listLimit, RevocationHeader.version(of: bundle.krl) == bundle.version else {
            throw problem(krl, "the bundle's revocation list is none, or not of the version that the bundle tells")
        }
        guard let printed = try printed(bundle.krl) else {
            throw problem(krl, "ssh-keygen cannot read the bundle's revocation list")
        }
        let sections = printed.split(separator: "\n").filter { $0.hasPrefix("# CA key ") }
        guard sections.isEmpty || sections.contains(where: { $0.split(separator: " ").contains(Substring(bundle.authority)) })
        else { throw problem(krl, "the bundle's revocation list is of another authority than it says") }
    }

    private static func printed(_ list: [UInt8]) throws -> String? {
        let keygen = Program(
            "ssh-keygen", ["-Q", "-l", "-f", "/dev/fd/3"], files: [list], outputLimit: 64 << 20,
            hint: "it is in the package openssh-client")
        let result = try keygen.runBlocking(within: .seconds(60))
        return result.isSuccess ? result.text : nil
    }

    /// Whether a list in place may be replaced: it is one of Curfew's, or revokes nothing.
    private static func isOurList(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard let version = RevocationHeader.version(of: bytes) else { return false }
        if version >= leastVersion { return true }
        let lines = (try? printed(bytes))?.split(separator: "\n") ?? ["?"]
        return lines.allSatisfy { $0.hasPrefix("# KRL version") || $0.hasPrefix("# Generated at") }
    }

    private static func installPrincipals(_ files: [String: String], _ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        } catch { throw problem(folder, "it cannot be made") }
        var wanted = files
        // Accounts that no grant reaches any more. Files of somebody else are left alone.
        for account in PlainFile.names(in: folder) ?? [] where files[account] == nil && CertificateOrder.isPrincipal(account) {
            if let bytes = try? PlainFile.read("\(folder)/\(account)", limit: principalsLimit), isOurPrincipals(bytes) {
                wanted[account] = PrincipalsFolder.marker + "\n"
            }
        }
        var failures: [any Error] = []
        for (account, text) in wanted.sorted(by: { $0.key < $1.key }) {
            let path = "\(folder)/\(account)"
            do {
                let inPlace = try read(path, principalsLimit)
                let saysNothing = !text.contains(" curfew-") && inPlace == nil
                if !saysNothing, inPlace != Array(text.utf8) { try write(Array(text.utf8), path, isOurs: isOurPrincipals) }
            } catch { failures.append(error) }
        }
        // One file that cannot be written keeps no other from being right.
        if let first = failures.first { throw first }
    }

    private static func isOurPrincipals(_ bytes: [UInt8]) -> Bool { bytes.starts(with: (PrincipalsFolder.marker + "\n").utf8) }

    private static func read(_ path: String, _ limit: Int) throws -> [UInt8]? {
        do { return try PlainFile.read(path, limit: limit) } catch { throw problem(path, error.message) }
    }

    private static func write(_ bytes: [UInt8], _ path: String, isOurs: @escaping @Sendable ([UInt8]) -> Bool) throws {
        do { try AtomicFile.write(bytes, to: path, mode: 0o644, replacing: .marked(isOurs)) } catch {
            throw problem(path, error.message)
        }
    }

    private static func problem(_ subject: String, _ message: String) -> DriverError {
        DriverError(.failed, operation: "install on this host", subject: subject, message)
    }
}
