import CurfewModel
import CurfewSystem
import Glibc

/// What an account may have left that starts something later, after all its processes are gone.
enum Leftovers {
    /// In words, with the path; changed since the login, as the kernel's own time of change says.
    static func find(account: String, since: BootTime) -> [String] {
        guard let entry = Accounts.user(of: account), since.boot == BootTime.now().boot else { return [] }
        let age = Double(BootTime.now().ticks - min(since.ticks, BootTime.now().ticks)) / Double(BootTime.perSecond)
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        let begin = Double(clock.tv_sec) - age - 1
        func isNew(_ path: String, owner: uid_t? = nil) -> Bool {
            var status = stat()
            return lstat(path, &status) == 0 && Double(status.st_ctim.tv_sec) >= begin
                && (owner == nil || status.st_uid == owner)
        }
        var result: [String] = []
        let tab = "/var/spool/cron/crontabs/\(account)"
        if isNew(tab) { result.append("its crontab was changed: \(tab)") }
        for folder in ["/var/spool/cron/atjobs", "/var/spool/at"] {
            for name in (PlainFile.names(in: folder) ?? []).sorted() where isNew("\(folder)/\(name)", owner: entry) {
                result.append("it left a job of at: \(folder)/\(name)")
            }
        }
        if isNew("/var/lib/systemd/linger/\(account)") {
            result.append("its services of systemd go on without a login (loginctl)")
        }
        if let home = Accounts.home(of: account) {
            for name in [".ssh/authorized_keys", ".config/systemd/user"] where isNew("\(home)/\(name)") {
                result.append("\(home)/\(name) was changed")
            }
        }
        return result.prefix(8).map(\.escapingControls)
    }
}
