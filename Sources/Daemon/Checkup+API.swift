import CurfewDesiredState
import Foundation
import Glibc

extension Checkup {
    /// Fewest bytes of a webhook's secret, without the blanks at its end.
    private static let leastSecret = 16

    /// The files that the HTTP API needs: there, long enough, and for nobody else.
    static func api(_ configuration: ServiceConfiguration) -> [Check] {
        let api = configuration.api
        guard api.listen != .off else { return [] }
        var checks: [Check] = []
        if let tokens = api.tokens {
            // Hashes of random bits may be read; whoever may write is an operator.
            checks.append(file("api.tokens", tokens, forbidding: 0o022, "others can write it"))
        }
        if let tls = api.tls {
            checks.append(file("api.tls.cert", tls.cert, forbidding: 0o022, "others can write it"))
            checks.append(file("api.tls.key", tls.key, forbidding: 0o077, "others can read it"))
        }
        for (forge, path) in api.webhooks.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let subject = "api.webhooks.\(forge.rawValue)"
            var check = file(subject, path, forbidding: 0o077, "others can read it")
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0.prefix(4096), as: UTF8.self) } ?? ""
            if check.result == .good, text.trimmingCharacters(in: .whitespacesAndNewlines).utf8.count < leastSecret {
                check = Check(
                    subject: subject, result: .missing,
                    detail: "\(path) has to hold \(leastSecret) bytes at least; the hook answers 503 until then")
            }
            checks.append(check)
        }
        return checks
    }

    private static func file(_ subject: String, _ path: String, forbidding mode: mode_t, _ what: String) -> Check {
        var info = stat()
        guard stat(path, &info) == 0, Glibc.access(path, R_OK) == 0 else {
            return Check(subject: subject, result: .missing, detail: "\(path) cannot be read: \(reason(errno))")
        }
        return info.st_mode & mode == 0
            ? Check(subject: subject, result: .good, detail: path)
            : Check(subject: subject, result: .limited, detail: "\(what); run: chmod 600 \(path)")
    }
}
