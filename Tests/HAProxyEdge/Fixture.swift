import CurfewDrivers
import CurfewHAProxyEdge
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Subprocess

/// A real HAProxy of its own and real web servers behind it, all gone at the end.
struct Fixture: Sendable {
    let scratch: Scratch
    let edge: HAProxyEdge
    let folder: String

    /// Runs `body` with an edge and `backends` web servers, each of which answers with its own name, `i-1`, `i-2`, ….
    static func with(
        backends: Int = 0, program: Program = .busybox, folder: String? = nil,
        _ body: @Sendable (Fixture, [Backend]) async throws -> Void
    )
        async throws
    {
        let scratch = try Scratch("edge")
        let place = folder ?? scratch.file("edge")
        let fixture = Fixture(scratch: scratch, edge: HAProxyEdge(configuration: Self.configuration(place)), folder: place)
        let servers = try (0..<backends).map { number in
            try scratch.write("i-\(number + 1)/index.html", "i-\(number + 1)\n")
            try scratch.write("i-\(number + 1)/big", String(repeating: "x", count: 1 << 24))
            return Backend(id: "i-\(number + 1)", port: unusedPort())
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers {
                group.addTask {
                    _ = try? await Subprocess.run(
                        program.executable, arguments: Arguments(try program.arguments(server, scratch)), output: .discarded)
                }
            }
            let result: Result<Void, any Error>
            do {
                for server in servers { _ = await eventually { connects(to: server.port) } }
                result = .success(try await body(fixture, servers))
            } catch { result = .failure(error) }
            await fixture.edge.stop()
            group.cancelAll()
            try result.get()
        }
    }

    static func configuration(_ folder: String) -> HAProxyConfiguration {
        HAProxyConfiguration(folder: folder, bind: "127.0.0.1")
    }

    /// HAProxy's own pid, from its pid file.
    var pid: Int32? {
        (try? String(contentsOfFile: folder + "/haproxy.pid", encoding: .utf8)).flatMap {
            Int32($0.trimmingCharacters(in: .newlines))
        }
    }
}

/// What serves behind the edge.
enum Program: Sendable {
    /// One process a connection and a backlog of nine: small, and enough for everything but load.
    case busybox
    /// Keeps connections and has a real backlog.
    case lighttpd

    var executable: Executable {
        switch self {
        case .busybox: .name("busybox")
        case .lighttpd: .path("/usr/sbin/lighttpd")
        }
    }

    func arguments(_ backend: Backend, _ scratch: Scratch) throws -> [String] {
        let root = scratch.file(backend.id)
        switch self {
        case .busybox: return ["httpd", "-f", "-p", "127.0.0.1:\(backend.port)", "-h", root]
        case .lighttpd:
            let file = try scratch.write(
                backend.id + ".conf",
                """
                server.port = \(backend.port)
                server.bind = "127.0.0.1"
                server.document-root = "\(root)"
                index-file.names = ("index.html")
                server.max-keep-alive-requests = 100000
                """)
            return ["-D", "-f", file]
        }
    }
}

struct Backend: Sendable {
    var id: String
    var port: Int
}

func listener(
    _ workload: StaticString, port: Int, mode: CurfewModel.Port.Mode = .http, _ servers: [EdgeListener.Server] = []
) -> EdgeListener { EdgeListener(key: key(workload), port: port, mode: mode, servers: servers) }

func key(_ workload: StaticString) -> ListenerKey {
    ListenerKey(workload: Name(literal: workload), port: Name(literal: "http"))
}

func server(_ backend: Backend, weight: Int = 100, draining: Bool = false) -> EdgeListener.Server {
    EdgeListener.Server(
        instance: id(backend.id), endpoint: Endpoint(host: "127.0.0.1", port: backend.port), weight: weight, draining: draining)
}

func id(_ text: String) -> InstanceID {
    guard let id = InstanceID(text) else { preconditionFailure("not an instance id: \(text)") }
    return id
}

/// What a GET answers: the body's first line, or `status N`, or `nil` when there is no answer.
func get(_ port: Int, _ path: String = "/") async -> String? {
    guard
        let result = try? await Subprocess.run(
            .name("curl"), arguments: ["-s", "-m", "5", "-w", "\n%{http_code}", "http://127.0.0.1:\(port)\(path)"],
            output: .string(limit: 1 << 20))
    else { return nil }
    let lines = result.standardOutput.split(separator: "\n").map(String.init)
    guard let code = lines.last, code != "000" else { return nil }
    return code == "200" ? lines.first : "status \(code)"
}

/// Who answers, over `count` requests.
func answerers(_ port: Int, _ count: Int = 12) async -> [String: Int] {
    var result: [String: Int] = [:]
    for _ in 0..<count { result[await get(port) ?? "nobody", default: 0] += 1 }
    return result
}

/// A port that is free just now.
func unusedPort() -> Int {
    guard let held = HeldPort(listening: false) else { return 0 }
    return held.port
}

/// A port on loopback that is held as long as this lives.
final class HeldPort: Sendable {
    let port: Int
    private let descriptor: Int32

    init?(listening: Bool = true) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard bound, !listening || listen(descriptor, 8) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }
}

/// A connection to a port on loopback that stays open as long as this lives.
final class OpenConnection: Sendable {
    let descriptor: Int32

    init?(port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
        }
        guard connected else {
            close(descriptor)
            return nil
        }
    }

    func say(_ text: String) -> Bool { send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count }

    /// What comes next, without waiting; `nil` = nothing yet, empty = it was closed.
    func hear() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0 { return errno == EAGAIN ? nil : "" }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    deinit { close(descriptor) }
}

func connects(to port: Int) -> Bool { OpenConnection(port: port) != nil }

/// Says one line on HAProxy's admin socket, as somebody at a terminal would.
func tamper(_ folder: String, _ command: String) async throws {
    _ = try await Subprocess.run(
        .name("python3"),
        arguments: [
            "-c",
            "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);s.sendall(sys.argv[2].encode()+b'\\n');s.recv(9999)",
            folder + "/admin.sock", command,
        ], output: .discarded)
}
