import CurfewDrivers
import CurfewModel
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("Ports") struct PortTests {
    @Test("A port that somebody listens on is not given out, and a range that is used up is told")
    func taken() throws {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, size)
                listen(number, 1)
                getsockname(number, $0, &size)
            }
            return Int(in_port_t(bigEndian: $0.pointee.sin_port))
        }
        #expect(!Ports.isFree(port))
        var ports = Ports(port...port)
        #expect(throws: DriverError.self) { try ports.take(1, for: try newID()) }
    }

    @Test("Ports are given once, back when released, and none stays taken when there are too few")
    func counted() throws {
        let base = Fixture.freePort() % 20_000 + 20_000
        var ports = Ports(base...(base + 9))
        let (first, second) = (try newID(), try newID())
        let mine = try ports.take(3, for: first)
        #expect(Set(mine).count == 3)
        #expect(throws: DriverError.self) { try ports.take(10, for: second) }
        #expect(Set(try ports.take(3, for: second)).isDisjoint(with: mine))
        ports.release(first)
        ports.release(second)
        #expect(try ports.take(6, for: first).count == 6)
    }
}
