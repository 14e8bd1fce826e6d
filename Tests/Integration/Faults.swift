import CurfewTestSupport
import Foundation
import Glibc

extension World {
    /// Replaces text in a workload's manifest.
    func edit(_ name: String = "web", _ changes: (old: String, new: String)...) throws {
        let path = scratch.file("work/manifests/\(name)/\(name).yaml")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for (old, new) in changes {
            guard text.contains(old) else { throw ProgramFailure(command: "edit \(name)", output: "there is no \(old)") }
            text = text.replacing(old, with: new)
        }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Writes the configuration with another `repository`.
    func configure(repository: String) throws {
        var lines = try String(contentsOfFile: configuration, encoding: .utf8).split(separator: "\n").map(String.init)
        guard let index = lines.firstIndex(where: { $0.hasPrefix("repository:") }) else { return }
        lines[index] = "repository: \(repository)"
        try lines.joined(separator: "\n").write(toFile: configuration, atomically: true, encoding: .utf8)
    }

    /// The state of one workload.
    func state(of workload: String) -> String? {
        status?.workloads.first { $0.name.rawValue == workload }?.state.rawValue
    }

    /// What a person would be told, for a failing test.
    func told(_ daemon: Daemon) -> String {
        let shown = (try? String(contentsOfFile: state.status, encoding: .utf8)) ?? "no status"
        return "\(shown)\n\(daemon.log.suffix(3000))"
    }

    /// Kills the instances of a workload and waits until others serve.
    func heals(_ workload: String) async throws -> Bool {
        let before = instances(workload)
        guard !before.isEmpty else { return false }
        try await killInstances(workload)
        return await eventually(within: .seconds(30)) {
            Set(instances(workload)).isDisjoint(with: before) && state(of: workload) == "converged"
        }
    }
}

/// A port of loopback that is listened on and never answered: connections are made and nothing comes.
final class SilentPort: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        port = try freePort()
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = UInt16(port).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 64) == 0 else {
            throw ProgramFailure(command: "listen", output: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }
}

/// Takes all the space that is left; returns the file.
func fill(_ disk: String) throws -> String {
    let path = disk + "/ballast"
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw ProgramFailure(command: "open", output: String(cString: strerror(errno))) }
    defer { close(file) }
    for size in [65536, 512] {
        let block = [UInt8](repeating: 1, count: size)
        while write(file, block, size) == size {}
    }
    return path
}
