import Crypto
import Foundation

/// The `/etc` of a sandbox: made from nothing, so that no account, key or setting of the host is seen inside.
struct HostFiles: Sendable {
    /// Public folders of the host's `/etc` that are lent as they are.
    static let lent = ["ssl/certs", "alternatives"]
    /// Public files of the host that are copied. A copy does not follow later changes of the host; the next instance does.
    private static let copied = [
        "resolv.conf", "localtime", "ld.so.cache", "ssl/openssl.cnf", "mime.types", "services", "protocols",
    ]

    /// Content by path.
    let files: [String: [UInt8]]
    /// Its name in the store: the same content has the same name.
    let key: String

    /// Collects the content for instances that run as `user`.
    init(for user: SandboxUser) {
        var files: [String: [UInt8]] = [
            "passwd": Array(
                """
                root:x:0:0:root:/:/usr/sbin/nologin
                \(user.uid == 65534 ? "nobody" : "app"):x:\(user.uid):\(user.gid)::/tmp:/usr/sbin/nologin

                """.utf8),
            "group": Array("root:x:0:\n\(user.gid == 65534 ? "nogroup" : "app"):x:\(user.gid):\n".utf8),
            "hosts": Array("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n".utf8),
            "nsswitch.conf": Array("passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n".utf8),
        ]
        for name in Self.copied {
            // Symlinks are meant here: localtime and resolv.conf usually are some.
            if let data = FileManager.default.contents(atPath: "/etc/\(name)"), data.count <= 4 << 20 {
                files[name] = Array(data)
            }
        }
        self.files = files
        var hash = SHA256()
        for (name, content) in files.sorted(by: { $0.key < $1.key }) {
            hash.update(data: Array("\(name)\0\(content.count)\0".utf8))
            hash.update(data: content)
        }
        key = "etc-" + hash.finalize().hexadecimal
    }

    /// Writes the files and the places for what is lent.
    func write(to folder: String) throws {
        for lent in Self.lent { try Files.makeFolder("\(folder)/\(lent)", mode: 0o755, for: "make host files") }
        for (name, content) in files {
            if let slash = name.lastIndex(of: "/") {
                try Files.makeFolder("\(folder)/\(name[..<slash])", mode: 0o755, for: "make host files")
            }
            try Files.create("\(folder)/\(name)", content, mode: 0o644, for: "make host files")
        }
    }
}
