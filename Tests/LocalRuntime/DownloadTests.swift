import Crypto
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Subprocess
import Testing

@testable import CurfewLocalRuntime

@Suite("Downloads") struct DownloadTests {
    /// Serves a folder by HTTP while the body runs.
    private func serve(_ folder: String, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        let port = Fixture.freePort()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = try await Subprocess.run(
                    .path("/usr/bin/busybox"), arguments: ["httpd", "-f", "-p", "127.0.0.1:\(port)", "-h", folder],
                    output: .discarded,
                    error: .discarded)
            }
            #expect(await eventually { await page(port, "/ready") != nil })
            defer { group.cancelAll() }
            try await body(port)
        }
    }

    private func digest(_ path: String) throws -> String {
        SHA256.hash(data: try Data(contentsOf: URL(filePath: path))).hexadecimal
    }

    @Test(
        "An archive by its digest runs; redirects are followed within bounds; what is wrong is refused and leaves nothing",
        .timeLimit(.minutes(1)))
    func downloads() async throws {
        let fixture = try Fixture("download") {
            $0.maxArtifact = ByteCount(1 << 20)
            $0.downloads = { _ in ["127.0.0.1"] }
        }
        let web = fixture.scratch
        try web.write("web/ready", "yes")
        try web.write("site/index.html", "from afar")
        try await tool("/usr/bin/tar", ["-C", web.file("site"), "-czf", web.file("web/site.tar.gz"), "."])
        try web.write("web/program", "#!/bin/sh\nexit 5\n")
        try await tool("/usr/bin/truncate", ["-s", "2M", web.file("web/large")])
        for (name, target) in [
            ("once", "/site.tar.gz"), ("loop", "/cgi-bin/loop"), ("file", "file:///etc/passwd"), ("ftp", "ftp://x/y.tar"),
        ] {
            try web.write("web/cgi-bin/\(name)", "#!/bin/sh\nprintf 'Status: 302 Found\\r\\nLocation: \(target)\\r\\n\\r\\n'\n")
            chmod(web.file("web/cgi-bin/\(name)"), 0o755)
        }
        let (site, program, large) = (
            try digest(web.file("web/site.tar.gz")), try digest(web.file("web/program")), try digest(web.file("web/large"))
        )
        try await fixture.run { runtime async throws -> Void in
            try await serve(web.file("web")) { port in
                let base = "http://127.0.0.1:\(port)"
                let started = try await runtime.start(try newID(), of: try serving(.url("\(base)/site.tar.gz", sha256: site)))
                let own = try needed(started.endpoints.values.first?.port)
                #expect(await eventually { await page(own) == "from afar" })
                let id = try newID()
                _ = try await runtime.start(
                    id, of: try desired(artifact: .url("\(base)/program", sha256: program), command: ["/app/program"]))
                #expect(try await eventually { try await runtime.sight(id)?.state == .exited(code: 5) })

                let wrong = String(repeating: "0", count: 64)
                for (url, sha256, code) in [
                    ("\(base)/site.tar.gz", wrong, DriverError.Code.badArtifact), ("\(base)/large", large, .badArtifact),
                    ("\(base)/missing.tar", wrong, .badArtifact), ("\(base)/cgi-bin/loop", wrong, .badArtifact),
                    ("\(base)/cgi-bin/file", wrong, .badArtifact), ("\(base)/cgi-bin/ftp", wrong, .badArtifact),
                    ("file:///etc/passwd", wrong, .badArtifact), ("http://127.0.0.1:1/x.tar", wrong, .unreachable),
                    ("\(base)/site.tar.gz", "short", .badArtifact),
                ] {
                    let error = await #expect(throws: DriverError.self, "\(url)") {
                        try await runtime.prepare(try serving(.url(url, sha256: sha256)))
                    }
                    #expect(error?.code == code, "\(url): \(String(describing: error))")
                }
                #expect(
                    !names(fixture.folder + "/store").contains {
                        $0.hasPrefix(".") || $0.hasPrefix(wrong) || $0.hasPrefix(large)
                    })
                // The same file by a redirect, for a runtime that has nothing yet.
                let other = try Fixture("redirect") { $0.downloads = { _ in ["127.0.0.1"] } }
                try await other.run { runtime async throws -> Void in
                    try await runtime.prepare(try serving(.url("\(base)/cgi-bin/once", sha256: site)))
                    #expect(exists("\(other.folder)/store/\(site)"))
                }
            }
        }
    }

    @Test(
        "No private address unless it is named, and no redirect to another host or port, whoever is allowed",
        .timeLimit(.minutes(1)))
    func places() async throws {
        let web = try Scratch("places")
        try web.write("web/ready", "yes")
        try web.write("web/program", "#!/bin/sh\nexit 5\n")
        let sha256 = try digest(web.file("web/program"))
        try await serve(web.file("web")) { port in
            for (name, target) in [
                ("port", "http://127.0.0.1:\(port == 1024 ? 1025 : port - 1)/program"),
                ("name", "http://localhost:\(port)/program"),
                ("scheme", "https://127.0.0.1:\(port)/program"), ("meta", "http://169.254.169.254/latest"),
                ("same", "http://127.0.0.1:\(port)/program"),
            ] {
                try web.write(
                    "web/cgi-bin/\(name)", "#!/bin/sh\nprintf 'Status: 302 Found\\r\\nLocation: \(target)\\r\\n\\r\\n'\n")
                chmod(web.file("web/cgi-bin/\(name)"), 0o755)
            }
            func attempt(_ url: String, _ allowed: [String]) async throws -> String {
                let fixture = try Fixture("places") { $0.downloads = { _ in allowed } }
                return try await fixture.attempt(try serving(.url(url, sha256: sha256)))
            }
            for host in ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
                let said = try await attempt("http://\(host):\(port)/program", ["public", "example.org", "127.0.0.1:1"])
                #expect(said.contains("no public address"), "\(host): \(said)")
            }
            let here = ["127.0.0.1:\(port)", "localhost:\(port)", "127.0.0.1"]
            for host in ["127.0.0.1", "localhost"] {
                #expect(try await attempt("http://\(host):\(port)/program", here) == "", "\(host)")
            }
            #expect(try await attempt("http://127.0.0.1:\(port)/cgi-bin/same", here) == "")
            for name in ["port", "name", "scheme", "meta"] {
                let said = try await attempt("http://127.0.0.1:\(port)/cgi-bin/\(name)", here)
                #expect(said.contains("redirects to another place"), "\(name): \(said)")
            }
            #expect(try await attempt("http://files.example.org/x", ["127.0.0.1"]).contains("is not allowed"))
        }
    }

    @Test(
        "A server that accepts and never answers is given up in time, and no secret of the address is told",
        .timeLimit(.minutes(1)))
    func silent() async throws {
        let fixture = try Fixture("silent") {
            $0.downloadTimeout = .milliseconds(300)
            $0.downloads = { _ in ["127.0.0.1"] }
        }
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, size)
                listen(number, 5)
                getsockname(number, $0, &size)
            }
            return Int(in_port_t(bigEndian: $0.pointee.sin_port))
        }
        try await fixture.run { runtime async throws -> Void in
            let url = "http://127.0.0.1:\(port)/a.tar?token=t0ken"
            let error = await #expect(throws: DriverError.self) {
                try await runtime.prepare(try serving(.url(url, sha256: String(repeating: "0", count: 64))))
            }
            #expect(error?.code == .unreachable)
            #expect(error.map { !"\($0)".contains("t0ken") } == true)
            let named = await #expect(throws: DriverError.self) {
                try await runtime.prepare(
                    try serving(.url("http://user:passw0rd@127.0.0.1:\(port)/a.tar", sha256: String(repeating: "0", count: 64)))
                )
            }
            #expect(named?.code == .badArtifact)
            #expect(named.map { !"\($0)".contains("passw0rd") } == true)
        }
    }
}

extension Fixture {
    /// What a preparation says when it fails; empty when it does not.
    fileprivate func attempt(_ workload: DesiredWorkload) async throws -> String {
        nonisolated(unsafe) var said = ""
        try await run { runtime async throws -> Void in
            do { try await runtime.prepare(workload) } catch let error as DriverError { said = "\(error)" }
        }
        return said
    }
}
