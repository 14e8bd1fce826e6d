import CurfewDrivers
import CurfewModel
import Glibc

/// Gives out loopback ports. A port that was just given back is given out again as late as possible, so that a
/// connection that is still under way does not reach somebody else.
struct Ports {
    private let range: ClosedRange<Int>
    private var owners: [Int: InstanceID] = [:]
    private var next: Int

    /// Gives out ports of `range`.
    init(_ range: ClosedRange<Int>) { (self.range, next) = (range, range.lowerBound) }

    /// Takes note of ports that an instance has already.
    mutating func adopt(_ ports: some Sequence<Int>, for id: InstanceID) {
        for port in ports { owners[port] = id }
    }

    /// Gives `count` free ports to an instance.
    mutating func take(_ count: Int, for id: InstanceID) throws -> [Int] {
        var taken: [Int] = []
        var tries = 0
        while taken.count < count {
            guard tries < range.count else {
                release(id)
                throw DriverError(
                    .portInUse, operation: "start instance", subject: id.rawValue,
                    "no port of \(range.lowerBound)–\(range.upperBound) is free; widen the runtime's ports")
            }
            let port = next
            next = port == range.upperBound ? range.lowerBound : port + 1
            tries += 1
            guard owners[port] == nil, Ports.isFree(port) else { continue }
            owners[port] = id
            taken.append(port)
        }
        return taken
    }

    /// Takes back the ports of an instance.
    mutating func release(_ id: InstanceID) { owners = owners.filter { $0.value != id } }

    /// Whether nobody listens on a loopback port.
    static func isFree(_ port: Int) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return false }
        let probe = Descriptor(owning: number)
        // Connections of an earlier owner that linger do not keep a server from listening, so they do not count here.
        var yes: Int32 = 1
        setsockopt(probe.number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(probe.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
