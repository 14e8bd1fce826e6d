public import CurfewDrivers
import CurfewModel
import CurfewSystem

extension SSHBackend {
    public func give(_ order: AccessOrder) async throws -> [Credential] {
        let problems = CertificateOrder.problems(order.settings, order.person)
        guard problems.isEmpty else { throw keygen.failure("issue", "\(order.id)", problems.joined(separator: "; ")) }
        var record = try usable(order)
        // What was issued before is never lengthened; what was too long is issued again.
        if record.certificates.isEmpty || order.end < record.end {
            let request = CertificateOrder(order, end: min(record.end, order.end), unique: principals != nil)
            var certificates: [String] = []
            for key in order.person.loginKeys { certificates.append(try await keygen.sign(key, request)) }
            // Much may have happened while it was signed: it may have been ended, or given by another call.
            record = try usable(order)
            if record.certificates.isEmpty || order.end < record.end {
                record.end = min(record.end, order.end)
                (record.certificates, record.principals) = (certificates, request.principals)
                record.issued = record.issued ?? BootTime.now()
                // Known before it is usable: a certificate that nobody remembers could not be told from a forged one.
                try record.write(to: issuedFolder + "/\(order.id)")
                issued[order.id] = record
            }
        }
        if let principals {
            for account in Set(record.principals) { try writePrincipals(account, in: principals) }
        }
        authorityProblem = nil
        return record.certificates.enumerated().map { index, certificate in
            Credential(
                file: "\(name)-\(index + 1)-cert.pub", content: Array(certificate.utf8), isSecret: false,
                hint: "ssh -i {key} \(record.principals.first ?? "")@\(configuration.host)")
        }
    }

    /// The grant's record, if it may still be given.
    private func usable(_ order: AccessOrder) throws -> IssuedCertificate {
        let record = issued[order.id] ?? IssuedCertificate(order)
        guard min(record.end, order.end) > now() else {
            throw keygen.failure("issue", "\(order.id)", "its time is over (\(min(record.end, order.end).text))")
        }
        let isRevoked = try list.read()?.serials.contains(order.id.serial) ?? false
        guard !record.isRevoked, !isRevoked, adopted[order.id.serial] == nil else {
            throw keygen.failure("issue", "\(order.id)", "it was ended already; access again is a new grant")
        }
        return record
    }
}
