import CurfewDrivers
import CurfewLocalRuntime
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Subprocess
import Synchronization

/// Gives out files written down in the test.
final class FolderArtifacts: ArtifactSource {
    private let trees = Mutex<[ObjectID: [String: String]]>([:])
    private let count = Atomic<Int>(0)

    /// How often a tree was asked for.
    var checkouts: Int { count.load(ordering: .relaxed) }

    /// A tree with these files; a name that ends in `/` is a folder.
    func add(_ files: [String: String]) throws -> Artifact {
        let hex = (0..<40).map { _ in String(Int.random(in: 0...15), radix: 16) }.joined()
        let id = try needed(ObjectID(hex))
        trees.withLock { $0[id] = files }
        return .tree(path: "manifests/test", id: id)
    }

    func checkOut(tree: ObjectID, into folder: String, limit: ByteCount) async throws {
        count.add(1, ordering: .relaxed)
        guard let files = trees.withLock({ $0[tree] }) else {
            throw DriverError(.badArtifact, operation: "check out", subject: tree.short, "there is no such tree")
        }
        for (name, text) in files {
            let path = "\(folder)/\(name)"
            let parent = name.hasSuffix("/") ? path : String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            if name.hasSuffix("/") { continue }
            guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
                throw DriverError(.storage, operation: "check out", subject: name, "it cannot be written")
            }
        }
    }
}

/// A value that has to be there for the test to make sense.
func needed<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw DriverError(.failed, operation: "test", subject: "value", "it is nil") }
    return value
}

/// A local runtime in a folder of its own.
final class Fixture: Sendable {
    let scratch: Scratch
    let artifacts = FolderArtifacts()
    let configuration: LocalRuntimeConfiguration
    private static let slices = Atomic<Int>(0)
    private static let base = 11_000 + (freePort() % 17_000)

    init(_ label: String, ports: Int = 30, _ change: (inout LocalRuntimeConfiguration) -> Void = { _ in }) throws {
        scratch = try Scratch("local-\(label)")
        let first = Self.base + Self.slices.add(40, ordering: .relaxed).oldValue
        var configuration = LocalRuntimeConfiguration(
            name: Name(literal: "local"), folder: scratch.file("state/local"), firstPort: first, lastPort: first + ports - 1,
            maxArtifact: ByteCount(8 << 20))
        change(&configuration)
        self.configuration = configuration
    }

    var folder: String { configuration.folder }
    func instance(_ id: InstanceID) -> String { "\(folder)/instances/\(id)" }

    /// A runtime on the folder, opened; as often as wanted, for restarts.
    func open() async throws -> LocalRuntime {
        let runtime = try LocalRuntime(configuration: configuration, artifacts: artifacts)
        try await runtime.open()
        return runtime
    }

    /// Runs the test with an opened runtime and leaves nothing running, whatever happens.
    func run(_ body: (LocalRuntime) async throws -> Void) async throws {
        let runtime = try await open()
        do {
            try await body(runtime)
        } catch {
            await clean()
            await runtime.shutdown()
            throw error
        }
        await clean()
        await runtime.shutdown()
    }

    private func clean() async {
        guard let runtime = try? await open() else { return }
        for instance in (try? await runtime.observe()) ?? [] { try? await runtime.stop(instance.id, grace: .zero) }
        await runtime.shutdown()
    }

    /// A port that nobody uses just now.
    static func freePort() -> Int {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, size)
                getsockname(number, $0, &size)
            }
            return Int(in_port_t(bigEndian: $0.pointee.sin_port))
        }
    }
}

/// A workload that is ready to be started.
func desired(
    _ name: String = "web", artifact: Artifact, command: [String], env: [String: String] = [:], ports: [String] = [],
    resources: Resources = Resources(), mounts: [Mount] = [], health: HealthCheck? = nil
) throws -> DesiredWorkload {
    DesiredWorkload(
        workload: Workload(
            name: try needed(Name(name)), runtime: Name(literal: "local"), artifact: artifact, command: command, env: env,
            ports: try ports.map { Port(name: try needed(Name($0))) }, resources: resources, mounts: mounts, health: health),
        generation: try needed(Generation(String(repeating: "ab", count: 32))), parts: ["artifact": "0123456789abcdef"],
        bundle: Name(literal: "default"), revision: try needed(ObjectID(String(repeating: "1", count: 40))))
}

func serving(_ artifact: Artifact, name: String = "web") throws -> DesiredWorkload {
    try desired(
        name, artifact: artifact, command: ["busybox", "httpd", "-f", "-p", "127.0.0.1:$(PORT)", "-h", "."], ports: ["http"])
}

func newID(_ workload: String = "web") throws -> InstanceID {
    try needed(InstanceID("\(workload)-abababab-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"))
}

/// What a tool printed and its exit code; the code is -1 when a signal ended it.
@discardableResult
func tool(_ path: String, _ arguments: [String]) async throws -> (output: String, code: Int32) {
    let result = try await Subprocess.run(
        .path(.init(path)), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .discarded)
    if case .exited(let code) = result.terminationStatus { return (result.standardOutput, Int32(code)) }
    return (result.standardOutput, -1)
}

/// What is served at a loopback port, `nil` when nothing is. (busybox wget crashes on some machines.)
func page(_ port: Int, _ path: String = "/index.html") async -> String? {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(number) }
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    let request = Array("GET \(path) HTTP/1.0\r\nConnection: close\r\n\r\n".utf8)
    guard connected == 0, send(number, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = recv(number, &piece, piece.count, 0), count > 0 { answer += piece[..<count] }
    let text = String(decoding: answer, as: UTF8.self)
    guard text.hasPrefix("HTTP/1.") && text.contains(" 200 "), let body = text.range(of: "\r\n\r\n") else { return nil }
    return String(text[body.upperBound...])
}

func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

func exists(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0
}

func names(_ path: String) -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

extension LocalRuntime {
    /// The only instance with that id.
    func sight(_ id: InstanceID) async throws -> ObservedInstance? { try await observe().first { $0.id == id } }

    func hasExited(_ id: InstanceID) async throws -> Bool {
        if case .exited = try await sight(id)?.state { return true }
        return false
    }
}
