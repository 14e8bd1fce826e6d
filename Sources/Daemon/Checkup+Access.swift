import CurfewDesiredState
import CurfewModel
import CurfewSSHBackend
import Foundation
import Glibc

extension Checkup {
    /// What grants need, as far as the configuration asks for it.
    static func access(_ configuration: ServiceConfiguration) -> [Check] {
        if configuration.trust == .none {
            return [
                Check(
                    subject: "trust", result: .limited,
                    detail: "mode none: whoever can push decides what runs, and no grant gives anything")
            ]
        }
        var checks = [
            Check(subject: "trust", result: .good, detail: "signed, from \(configuration.trustRoot?.short ?? "?") on")
        ]
        if configuration.backends.isEmpty {
            checks.append(
                Check(
                    subject: "access", result: .limited, detail: "no backend under access: grants have nowhere to be made real")
            )
            return checks
        }
        checks.append(program("age", "age", "credentials that are secret"))
        for backend in configuration.backends.values.sorted(by: { $0.name < $1.name }) {
            switch backend.type {
            case "sudo":
                checks.append(program("visudo", "sudo", "access backend \(backend.name)"))
                if getuid() != 0 {
                    checks.append(
                        Check(
                            subject: "access \(backend.name)", result: .missing,
                            detail: "sudo's rules belong to root: run the service as root"))
                }
            case "docker-exec":
                checks.append(program("ssh-keygen", "openssh-client", "access backend \(backend.name)"))
                let socket = StateFolder(path: configuration.state).execSocket
                if socket.utf8.count > StateFolder.longestSocketPath {
                    checks.append(
                        Check(
                            subject: "access \(backend.name)", result: .missing,
                            detail: "\(socket) is too long for a socket's path: choose a shorter `state:`"))
                }
            default:
                if let log = backend.settings["authLog"]?.text, let problem = SSHBackend.logProblem(log) {
                    checks.append(
                        Check(
                            subject: "access \(backend.name)", result: .limited,
                            detail: "authLog: \(problem); better is authLog: journald"))
                } else {
                    checks.append(loginLog(backend))
                }
            }
        }
        return checks
    }
}
