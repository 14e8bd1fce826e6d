import CurfewDaemon
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// What a service manager hears, over a real datagram socket.
@Suite struct ServiceManagerTests {
    /// What was sent to `socket` so far.
    private func heard(_ socket: Int32) -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return messages }
            messages.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
    }

    private func listen(_ name: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (bytes[0] == 0 ? 0 : 1))
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(code == 0, "\(String(cString: strerror(errno)))")
        return descriptor
    }

    @Test(.timeLimit(.minutes(2)), arguments: [false, true])
    func hearsOfTheFirstRoundOfEveryRoundAndOfTheEnd(abstract: Bool) async throws {
        let world = try await World("notify")
        try world.site(port: world.port)
        let first = try await world.push("First")
        let name = abstract ? "@curfew-test-\(UUID().uuidString)" : world.scratch.file("notify.sock")
        let manager = try listen(name)
        defer { close(manager) }
        try await world.withDaemon(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000"]) { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            var all: [String] = []
            #expect(
                await eventually {
                    all += heard(manager)
                    return all.count { $0 == "WATCHDOG=1" } > 4 && all.contains("STATUS=converged at \(first.prefix(8))")
                }, "\(all)")
            #expect(all.count { $0 == "READY=1" } == 1, "\(all)")
            #expect(all.first { !$0.hasPrefix("STATUS=") } == "READY=1", "\(all)")
            daemon.stop(SIGTERM)
            #expect(heard(manager).contains("STOPPING=1"))
        }
    }

    @Test func watchesOnlyWhomItNames() {
        func heartbeat(_ more: [String: String]) -> Bool {
            ServiceManager(environment: ["NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "4000000"].merging(more) { $1 }, pid: 7)
                .heartbeat == .seconds(2)
        }
        #expect(heartbeat([:]))
        #expect(heartbeat(["WATCHDOG_PID": "7"]))
        #expect(!heartbeat(["WATCHDOG_PID": "8"]))
        for wrong in ["", "0", "-5", "many"] { #expect(!heartbeat(["WATCHDOG_USEC": wrong])) }
        for wrong in ["", "relative", "/" + String(repeating: "x", count: 200)] {
            #expect(!heartbeat(["NOTIFY_SOCKET": wrong]))
        }
    }
}
