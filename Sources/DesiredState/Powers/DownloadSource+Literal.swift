internal import CurfewModel
internal import Glibc

extension DownloadSource {
    /// Whether the host is written as an address, in any form that the system takes for one (`127.0.0.1`, `127.1`,
    /// `0x7f000001`, `::1`), that is not public. What a name leads to is seen when it is asked for.
    var isPrivateAddress: Bool {
        var four = in_addr()
        var six = in6_addr()
        if inet_aton(host, &four) != 0 {
            return !(withUnsafeBytes(of: &four) { NetworkAddress(Array($0)) }?.isPublic ?? false)
        }
        if inet_pton(AF_INET6, String(host.prefix { $0 != "%" }), &six) == 1 {
            return !(withUnsafeBytes(of: &six) { NetworkAddress(Array($0)) }?.isPublic ?? false)
        }
        return host == "localhost" || host.hasSuffix(".localhost")
    }
}
