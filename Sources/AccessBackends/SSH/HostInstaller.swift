import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

/// Puts a bundle in place on a host. Everything in it is checked first: a bad one changes nothing.
public enum HostInstaller {
    /// Installs a bundle. The same one again changes nothing.
    /// - Parameters:
    ///   - krl: the file that sshd's `RevokedKeys` names; replaced by a rename, mode 0644.
    ///   - caFile: the file of `TrustedUserCAKeys`; `nil` = left alone.
    ///   - principals: the folder of `AuthorizedPrincipalsFile <folder>/%u`; `nil` = left alone.
    ///   - minimumVersion: the least version that is taken, such as the last one that was seen.
    /// - Throws: ``DriverError`` when the bundle is older than what is installed or than `minimumVersion`, when anything in
    ///   it is not of the expected form, or when a file cannot be written.
    /// Blocks: call it off the cooperative pool.
    public static func install(
        _ bundle: HostBundle, krl: String, caFile: String?, principals: String?, minimumVersion: Int64
    ) throws {
        guard let key = SSHPublicKey(bundle.caPublicKey), key.line == bundle.caPublicKey else {
            throw problem(krl, "the authority's key in the bundle is no public SSH key")
        }
        for path in [krl, caFile, principals].compactMap({ $0 }) where !path.hasPrefix("/") {
            throw problem(path, "give an absolute path")
        }
        try checkPrincipals(bundle.principals)
        let installed = FileManager.default.contents(atPath: krl).flatMap { RevocationHeader.version(of: $0) }
        let least = max(minimumVersion, installed ?? .min)
        guard bundle.version >= least else {
            throw problem(
                krl, "version \(bundle.version) of the revocation list is older than \(least), which was seen already")
        }
        try checkList(bundle, beside: krl)

        // The list first: it takes away. Then the lines, which take away and give. The authority last.
        let bytes = Data(bundle.krl)
        if FileManager.default.contents(atPath: krl) != bytes { try SafeFile.write(bytes, to: krl, mode: 0o644) }
        if let principals { try installPrincipals(bundle.principals, PrincipalsFolder(path: principals)) }
        if let caFile, SafeFile.text(caFile) != key.line + "\n" {
            try SafeFile.write(Data((key.line + "\n").utf8), to: caFile, mode: 0o644)
        }
    }

    private static func checkPrincipals(_ files: [String: String]) throws {
        guard files.count <= 10_000 else { throw problem("principals", "the bundle names more than 10000 accounts") }
        for (account, text) in files {
            guard CertificateOrder.isPrincipal(account) else {
                throw problem(account.prefix(40).description.escapingControls, "it is no name of an account")
            }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard text.utf8.count <= 1 << 20, lines.first.map({ $0 == PrincipalsFolder.marker }) ?? false, lines.last == "",
                lines.dropFirst().dropLast().allSatisfy({ PrincipalsFolder.isOurs($0) })
            else { throw problem(account, "its principals file holds a line that is not of the form that Curfew writes") }
        }
    }

    /// A list that sshd cannot read would lock everybody out: `ssh-keygen` has to read it first.
    private static func checkList(_ bundle: HostBundle, beside krl: String) throws {
        guard bundle.krl.count <= 16 << 20, RevocationHeader.version(of: bundle.krl) == bundle.version else {
            throw problem(krl, "the bundle's revocation list is none, or not of the version that the bundle tells")
        }
        let scratch = "\(krl).check-\(UInt32.random(in: .min ... .max))"
        guard mkdir(scratch, 0o700) == 0 else { throw problem(krl, String(cString: strerror(errno))) }
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        try SafeFile.write(Data(bundle.krl), to: scratch + "/krl", mode: 0o600)
        let (code, _, _) = try Keygen(ca: "", agent: nil, folder: scratch).run(["-Q", "-l", "-f", scratch + "/krl"])
        guard code == 0 else { throw problem(krl, "ssh-keygen cannot read the bundle's revocation list") }
    }

    private static func installPrincipals(_ files: [String: String], _ folder: PrincipalsFolder) throws {
        try folder.prepare()
        for (account, text) in files {
            let path = "\(folder.path)/\(account)"
            let isNothing = !text.contains(" curfew-") && SafeFile.text(path) == nil
            if !isNothing, SafeFile.text(path) != text { try SafeFile.write(Data(text.utf8), to: path, mode: 0o644) }
        }
        // Accounts that no grant reaches any more. Files of somebody else are left alone.
        for account in folder.accounts() where files[account] == nil && folder.lines(account).first == PrincipalsFolder.marker {
            let text = PrincipalsFolder.marker + "\n"
            let path = "\(folder.path)/\(account)"
            if SafeFile.text(path) != text { try SafeFile.write(Data(text.utf8), to: path, mode: 0o644) }
        }
    }

    private static func problem(_ subject: String, _ message: String) -> DriverError {
        DriverError(.failed, operation: "install on this host", subject: subject, message)
    }
}
