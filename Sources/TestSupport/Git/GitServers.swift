import Foundation
import Glibc

/// Real Git servers on loopback, each for the bare repositories below one folder.
public struct GitServers {
    /// Where the repositories are.
    public let folder: String
    private let scratch: Scratch

    /// Serves what lies in `scratch`.
    public init(_ scratch: Scratch) {
        self.scratch = scratch
        folder = scratch.path
    }

    /// `git daemon`; returns the server and its base address.
    public func daemon() async throws -> (server: Server, url: String) {
        let port = try freePort()
        let server = try Server(
            "git",
            ["daemon", "--reuseaddr", "--listen=127.0.0.1", "--port=\(port)", "--base-path=\(folder)", "--export-all", folder],
            log: scratch.file("git-daemon.log"))
        guard await eventually({ accepts(port) }) else {
            throw ProgramFailure(command: "git daemon", output: "does not listen")
        }
        return (server, "git://127.0.0.1:\(port)")
    }

    /// `git daemon` for one connection after another, whose answers go through shell commands: what they write is what
    /// the client gets, and when they end the connection breaks off.
    /// - Parameter filter: for example `stdbuf -o0 head -c 1000`; it must not hold back what it has read, and must end by
    ///   itself once ``folder`` is gone.
    public func daemon(through filter: String) async throws -> (server: Server, url: String) {
        let port = try freePort()
        // A session of its own for each connection, so that its end takes every process along that holds the socket.
        let program = try scratch.write(
            "filter-\(port).sh",
            """
            #!/bin/sh
            exec setsid sh -c 'git daemon --inetd --export-all --base-path=\(folder) 2>/dev/null | { \(filter); kill -9 0; }'
            """)
        chmod(program, 0o755)
        let server = try Server(
            "busybox", ["nc", "-ll", "-p", "\(port)", "-e", program], log: scratch.file("filter-\(port).log"))
        // Asked of the kernel: a connection would already be one to answer.
        guard try await eventually({ try await execute("ss", ["-ltn"]).output.contains(":\(port) ") }) else {
            throw ProgramFailure(command: "busybox nc", output: "does not listen")
        }
        return (server, "git://127.0.0.1:\(port)")
    }

    /// `git http-backend` behind lighttpd with TLS and basic auth (user `alice`, token `s3cret`).
    /// - Returns: the server, its base address and the file with the authority to trust.
    public func https() async throws -> (server: Server, url: String, authority: String) {
        let port = try freePort()
        let certificate = scratch.file("tls.pem")
        // As a DNS name too: mbedTLS 2.28, which Debian 12's libgit2 uses, knows no addresses in a certificate.
        let made = try await execute(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                "subjectAltName=DNS:127.0.0.1,IP:127.0.0.1", "-keyout", scratch.file("tls.key"), "-out", certificate,
            ])
        guard made.code == 0 else { throw ProgramFailure(command: "openssl", output: made.errors) }
        try scratch.write("users", "alice:s3cret\n")
        let configuration = try scratch.write(
            "lighttpd.conf",
            """
            server.document-root = "\(folder)"
            server.bind = "127.0.0.1"
            server.port = \(port)
            server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_cgi", "mod_setenv", "mod_redirect", "mod_openssl")
            ssl.engine = "enable"
            ssl.pemfile = "\(certificate)"
            ssl.privkey = "\(scratch.file("tls.key"))"
            url.redirect = ("^/away/(.*)" => "https://localhost:\(port)/git/$1")
            auth.backend = "plain"
            auth.backend.plain.userfile = "\(scratch.file("users"))"
            $HTTP["url"] =~ "^/git" {
                alias.url = ("/git" => "/usr/lib/git-core/git-http-backend")
                cgi.assign = ("" => "")
                setenv.add-environment = ("GIT_PROJECT_ROOT" => "\(folder)", "GIT_HTTP_EXPORT_ALL" => "1", "GIT_CONFIG_COUNT" => "2",
                    "GIT_CONFIG_KEY_0" => "safe.directory", "GIT_CONFIG_VALUE_0" => "*",
                    "GIT_CONFIG_KEY_1" => "http.receivepack", "GIT_CONFIG_VALUE_1" => "true")
                auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
            }
            """)
        let server = try Server("/usr/sbin/lighttpd", ["-D", "-f", configuration], log: scratch.file("lighttpd.log"))
        guard await eventually({ accepts(port) }) else {
            throw ProgramFailure(
                command: "lighttpd", output: (try? String(contentsOfFile: scratch.file("lighttpd.log"), encoding: .utf8)) ?? "")
        }
        return (server, "https://127.0.0.1:\(port)", certificate)
    }

    /// sshd with a host key and a user key of its own.
    /// - Returns: the server, the base address for the user who runs the tests, the user's key file and known_hosts.
    public func ssh() async throws -> (server: Server, url: String, key: String, knownHosts: String) {
        let port = try freePort()
        for name in ["host", "user"] {
            let made = try await execute(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", scratch.file("\(name)_key")])
            guard made.code == 0 else { throw ProgramFailure(command: "ssh-keygen", output: made.errors) }
        }
        let publicKey = try String(contentsOfFile: scratch.file("user_key.pub"), encoding: .utf8)
        let authorized = try scratch.write("authorized_keys", publicKey)
        let hostKey = try String(contentsOfFile: scratch.file("host_key.pub"), encoding: .utf8)
        let knownHosts = try scratch.write("known_hosts", "[127.0.0.1]:\(port) \(hostKey)")
        let configuration = try scratch.write(
            "sshd_config",
            """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(scratch.file("host_key"))
            PidFile none
            AuthorizedKeysFile \(authorized)
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin yes
            StrictModes no
            UsePAM no
            """)
        mkdir("/run/sshd", 0o755)
        let server = try Server("/usr/sbin/sshd", ["-D", "-e", "-f", configuration], log: scratch.file("sshd.log"))
        guard await eventually({ accepts(port) }) else {
            throw ProgramFailure(
                command: "sshd", output: (try? String(contentsOfFile: scratch.file("sshd.log"), encoding: .utf8)) ?? "")
        }
        let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        return (server, "ssh://\(user)@127.0.0.1:\(port)\(folder)", scratch.file("user_key"), knownHosts)
    }
}
