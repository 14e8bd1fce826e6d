import CurfewDesiredState
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// What the Git host should do, and what only sshd should be able to write.
extension Checkup {
    /// The repository that is followed.
    static func repository(_ configuration: ServiceConfiguration) async -> [Check] {
        let url = configuration.repository.url
        guard let folder = localFolder(url) else {
            return [
                Check(
                    subject: "git host", result: .limited,
                    detail:
                        "whether it refuses damaged objects and forced pushes is not seen from here: on a host of your own set "
                        + "receive.fsckObjects=true and receive.denyNonFastForwards=true, elsewhere protect the branch "
                        + "\(configuration.repository.branch); see docs/operations/git-host.md")
            ]
        }
        guard Glibc.access(folder + "/HEAD", R_OK) == 0 || Glibc.access(folder + "/.git/HEAD", R_OK) == 0 else {
            return [
                Check(subject: "git host", result: .missing, detail: "\(folder): there is no Git repository that can be read")
            ]
        }
        let git = Glibc.access(folder + "/HEAD", R_OK) == 0 ? folder : folder + "/.git"
        var checks: [Check] = []
        let checksObjects = await isSet(["receive.fsckObjects", "transfer.fsckObjects"], in: git)
        checks.append(
            checksObjects
                ? Check(subject: "git host", result: .good, detail: "damaged objects are refused")
                : Check(
                    subject: "git host", result: .limited,
                    detail: "damaged objects can be pushed; run: git --git-dir \(git) config receive.fsckObjects true"))
        let isKept = await isSet(["receive.denyNonFastForwards"], in: git)
        if !isKept {
            checks.append(
                Check(
                    subject: "branch \(configuration.repository.branch)", result: .limited,
                    detail:
                        "whoever may push may rewrite its history; run: git --git-dir \(git) config receive.denyNonFastForwards true"
                ))
        }
        let open = [
            ".", "refs", "refs/heads", "refs/heads/\(configuration.repository.branch)", "packed-refs", "objects", "hooks",
            "config",
        ]
        .filter { othersMayWrite("\(git)/\($0)") }
        checks.append(
            open.isEmpty
                ? Check(
                    subject: "branch \(configuration.repository.branch)", result: .good,
                    detail: "no other account of this machine can write it")
                : Check(
                    subject: "branch \(configuration.repository.branch)", result: .limited,
                    detail:
                        "accounts other than its owner can write \(open.joined(separator: ", ")) of \(git); run: chmod -R go-w \(git)"
                ))
        return checks
    }

    /// Where logins are read from: whether somebody else can write there what looks like one.
    static func loginLog(_ backend: ServiceConfiguration.BackendConfiguration) -> Check {
        let subject = "access \(backend.name)"
        guard let source = backend.settings["authLog"]?.text else {
            return Check(
                subject: subject, result: .limited, detail: "without authLog no open session is cut and no use is seen")
        }
        guard source.hasPrefix("/") else {
            return Check(subject: subject, result: .good, detail: "logins are read from \(source)")
        }
        var info = stat()
        guard stat(source, &info) == 0 else {
            return Check(subject: subject, result: .missing, detail: "authLog \(source) cannot be read: \(reason(errno))")
        }
        let folder = (source as NSString).deletingLastPathComponent
        if info.st_uid != 0 || info.st_mode & 0o022 != 0 || othersMayWrite(folder) {
            return Check(
                subject: subject, result: .limited,
                detail:
                    "accounts other than root can write \(source) or its folder, and so make up logins; make both root's alone")
        }
        return Check(subject: subject, result: .good, detail: "logins are read from \(source), which root alone writes")
    }

    /// A repository of this machine.
    private static func localFolder(_ url: String) -> String? {
        if url.hasPrefix("/") { return url }
        guard url.hasPrefix("file://") else { return nil }
        return String(url.dropFirst("file://".count).drop { $0 != "/" }).removingPercentEncoding
    }

    private static func isSet(_ names: [String], in git: String) async -> Bool {
        for name in names {
            let program = Program(
                "git", ["config", "--file", git + "/config", "--no-includes", "--type=bool", "--get", name], outputLimit: 4096)
            if (try? await program.run(within: .seconds(10)))?.text == "true\n" { return true }
        }
        return false
    }

    /// Anybody but the owner and root; a sticky folder keeps others from replacing what is in it, not from adding to it.
    private static func othersMayWrite(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFLNK && info.st_mode & 0o022 != 0
    }
}
