public import Glibc

/// Accounts of this machine.
public enum Accounts {
    /// The account's uid; `nil` when there is no such account.
    public static func user(of account: String) -> uid_t? { entry(account)?.user }

    /// The account's home; `nil` when there is no such account.
    public static func home(of account: String) -> String? { entry(account)?.home }

    private static func entry(_ account: String) -> (user: uid_t, home: String)? {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        guard getpwnam_r(account, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return (entry.pw_uid, entry.pw_dir.map { String(cString: $0) } ?? "/")
    }
}
